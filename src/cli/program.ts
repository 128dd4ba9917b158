import { Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander'
import { LockkeeperError } from '../model/errors.ts'
import { errorJson, errorText } from '../report/error.ts'
import { byNearness, distance } from '../std/nearest.ts'
import type { Command, Context, Invocation } from './command.ts'
import { commands } from './commands.ts'
import type { OptionSpec } from './option-spec.ts'
import type { Options } from './options.ts'
import { statusOf } from './status.ts'
import { toLockkeeperError } from './unexpected.ts'
import { version } from './version.ts'

/** Runs one command line and prints what it has to say; resolves with the exit status and never rejects. */
export async function runCommandLine(argv: readonly string[], context: Context): Promise<number> {
  let status = 0
  try {
    const program = await programFor(argv, context, (result) => {
      status = result
    })
    await program.parseAsync([...argv], { from: 'user' })
    return status
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const known = error instanceof CommanderError ? usageError(error) : toLockkeeperError(error)
    printError(argv, context, known)
    return statusOf(known)
  }
}

async function programFor(argv: readonly string[], context: Context, done: (status: number) => void): Promise<Commander> {
  const program = quiet(new Commander('lockkeeper'), context)
  program
    .description('Takes schema changes through the locks of a busy PostgreSQL.')
    .version(version())
    .usage('[options] <command>')
    .helpCommand(false)
  program.option('--no-color', 'no colours (also NO_COLOR)').enablePositionalOptions()
  const named = argv.find((word) => !word.startsWith('-'))
  for (const entry of commands) {
    const sub = quiet(program.command(entry.name).summary(entry.summary).description(entry.summary), context)
    if (entry.name === named) declare(sub, await entry.load(), async (invocation, command) => done(await command.run(invocation, context)))
  }
  program
    .argument('[command]')
    .allowExcessArguments()
    .action((command?: string) => unknownCommand(program, command))
  return program
}

// Help is for standard output; commander's own error text is printed by us, once, like every other error.
function quiet(command: Commander, context: Context): Commander {
  return command
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.stdout.write(text), writeErr: () => {}, getOutHelpWidth: () => context.width })
    .showSuggestionAfterError(true)
}

function declare(sub: Commander, command: Command, run: (invocation: Invocation, command: Command) => Promise<void>): void {
  if (command.description !== undefined) sub.description(`${command.summary}\n\n${command.description}`)
  sub.allowExcessArguments(false)
  for (const argument of command.arguments) sub.argument(argument.name, argument.description)
  for (const option of command.options) sub.addOption(toCommander(option))
  sub.addOption(new Option('--no-color', 'no colours (also NO_COLOR)'))
  sub.action(async () => await run({ arguments: sub.args, options: sub.opts<Options>() }, command))
}

function toCommander(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description)
  if (spec.choices !== undefined) option.choices(spec.choices)
  if (spec.parse !== undefined) option.argParser(parser(spec.parse))
  if (spec.repeatable === true) option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
  return option
}

function parser(parse: (text: string) => unknown): (text: string) => unknown {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      if (error instanceof LockkeeperError && error.code === 'usage') throw new InvalidArgumentError(`${error.message} ${error.hint}`)
      throw error
    }
  }
}

function unknownCommand(program: Commander, command: string | undefined): never {
  if (command === undefined) {
    program.outputHelp()
    throw new CommanderError(0, 'lockkeeper.help', '')
  }
  const names = commands.map(({ name }) => name).filter((name) => similar(name, command))
  const [near] = byNearness(command, names)
  const hint = near === undefined ? 'lockkeeper --help lists the commands.' : `Did you mean ${near}?`
  throw new LockkeeperError('usage', `There is no command "${command}".`, { hint })
}

// Commander suggests for options only once a command is known to it; for commands the same measure: one or two letters off, or a beginning.
function similar(name: string, typed: string): boolean {
  return (typed.length > 2 && name.startsWith(typed)) || distance(name, typed) <= (name.length > 4 ? 2 : 1)
}

// Commander's message is `error: unknown option '--jsn'\n(Did you mean --json?)`. It repeats what was typed, so a value that could hold a password is cut.
function usageError(error: CommanderError): LockkeeperError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = /\((Did you mean .*)\)/.exec(rest.join(' '))?.[1]
  const message = first.replaceAll(/\b[a-z]+:\/\/\S+/gi, '(a URL)')
  return new LockkeeperError(
    'usage',
    `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`,
    suggestion === undefined ? {} : { hint: suggestion },
  )
}

function printError(argv: readonly string[], context: Context, error: LockkeeperError): void {
  const json =
    argv.includes('--json') || argv.includes('--format=json') || argv.some((word, at) => word === 'json' && argv[at - 1] === '--format')
  if (json) context.stdout.write(errorJson(argv.find((word) => !word.startsWith('-')) ?? '', error))
  else context.stderr.write(errorText({ color: context.color && context.stderr.isTerminal, width: context.width }, error))
}
