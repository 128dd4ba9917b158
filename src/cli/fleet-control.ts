import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { openEngine } from '../engines.ts'
import { joinTargets, targetsGiven, targetsInFile, targetsInRows } from '../fleet/targets.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { FleetTarget } from '../model/fleet.ts'
import type { Session } from '../model/session.ts'
import { present } from '../std/present.ts'
import type { Target } from '../verbs/target.ts'
import type { Context, Invocation } from './command.ts'
import type { Connection } from './connection.ts'
import { envFile } from './connection.ts'
import type { Config } from './define-config.ts'
import { targetLine } from './target-line.ts'

export interface FleetRequest {
  readonly invocation: Invocation
  readonly context: Context
  readonly config: Config
}

export interface ControlDatabase {
  readonly url: string
  readonly open: () => Promise<Session>
}

/** The control database by --control-url, the config file or LOCKKEEPER_CONTROL_URL. Throws `fleet-control-invalid` where none is given. */
export async function controlDatabase({ invocation, context, config }: FleetRequest): Promise<ControlDatabase> {
  const env = { ...(await envFile(invocation.options, context)), ...context.env }
  const url = invocation.options.controlUrl ?? config.fleet?.controlUrl ?? env['LOCKKEEPER_CONTROL_URL']
  if (url === undefined || url === '') throw new LockkeeperError('fleet-control-invalid', 'No control database is given.')
  const engine = await openEngine(url)
  const open = async () => await engine.connect({ url, applicationName: 'lockkeeper fleet', ...passwordFor(url, config) })
  return { url, open }
}

/** A fleet's URLs bring passwords of their own; the function is for those that bring none. */
function passwordFor(url: string, { password }: Config): { readonly password?: () => Promise<string> } {
  if (password === undefined || new URL(url).password !== '') return {}
  return { password: async () => await password() }
}

/** Says where the queue is, as every command says which database it works on. */
export function printControl(context: Context, session: Session): void {
  context.stderr.write(`Control: ${targetLine(session, undefined)}\n`)
}

/** Flags, file and query together. Throws `fleet-targets-invalid`, never with a URL in the message. */
export async function resolveTargets(
  { invocation, context }: FleetRequest,
  control: ControlDatabase,
  session: Session,
): Promise<readonly FleetTarget[]> {
  const { target, targetsFile, targetsQuery, databaseUrl } = invocation.options
  const inFile = targetsFile === undefined ? [] : targetsInFile(targetsFile, await textOf(context, targetsFile))
  const inRows = targetsQuery === undefined ? [] : targetsInRows(await ask(session, targetsQuery), databaseUrl ?? control.url)
  return joinTargets(inFile, targetsGiven(target ?? []), inRows)
}

async function textOf(context: Context, file: string): Promise<string> {
  return await readFile(resolve(context.cwd, file), 'utf8').catch(() => {
    throw new LockkeeperError('fleet-targets-invalid', `There is no file ${file}.`, { hint: 'Check --targets-file.' })
  })
}

/** Long enough for any list of databases. */
const queryLimit = `set local statement_timeout = '30s'`

/** The parameter makes it one statement of the extended protocol: none that follows a semicolon can leave the read-only transaction. */
async function ask(session: Session, sql: string): Promise<readonly { readonly [column: string]: unknown }[]> {
  await session.script(['begin transaction read only', queryLimit])
  try {
    return await session.query(`select * from (${sql.replace(/;\s*$/, '')}\n) as targets where $1::boolean`, [true])
  } catch (error) {
    throw new LockkeeperError('fleet-targets-invalid', `--targets-query: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'It must be one SELECT that reads only, with the columns url, or database, or schema.',
      cause: error,
    })
  } finally {
    await session.script(['rollback'])
  }
}

/** A target as any other database is reached; its own URL and schema go before what flags and file say. */
export function connectionTo(target: FleetTarget, { invocation: { options }, config }: FleetRequest, signal: AbortSignal): Connection {
  return present({
    url: target.url,
    signal,
    role: options.role ?? config.role,
    schema: target.schema ?? options.schema ?? config.schema,
    ...passwordFor(target.url, config),
  })
}

/** Says on standard error which database a target's name means. */
export function printFleetTarget({ invocation, context, config }: FleetRequest, { name }: FleetTarget, { session }: Target): void {
  context.stderr.write(`${name}: ${targetLine(session, invocation.options.role ?? config.role)}\n`)
}

/** What flags say of the waves; the rest is as it was said before, or the default. */
export function rulesGiven({ options }: Invocation) {
  return present({ canary: options.canary, wave: options.wave, budget: options.errorBudget })
}
