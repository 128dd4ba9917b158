import { LockkeeperError } from '../../model/errors.ts'
import type { Command, Context, Invocation } from '../command.ts'
import type { Target } from '../../verbs/target.ts'
import type { Connection } from '../connection.ts'
import type { Config } from '../define-config.ts'
import { flags } from '../options.ts'
import { loadConfig } from '../config.ts'

const verbs = ['list', 'run', 'pause', 'resume', 'cancel', 'watch', 'script'] as const
type Verb = (typeof verbs)[number]

export const backfill: Command = {
  name: 'backfill',
  summary: 'change rows batch by batch, from any number of machines',
  description: `list     those of the database, with who works on them
run      begin one (--sql, --file), or take part in one, until it is done
pause    stop before the next batch; resume lets it go on
cancel   stop for good; what is done stays
watch    follow one, or all, from anywhere
script   the same as SQL for whoever may only run SQL

A name is one of your own, or MIGRATION/STEP for one that a migration began.`,
  arguments: [
    { name: '<verb>', description: verbs.join(', ') },
    { name: '[name]', description: 'which one' },
  ],
  options: [
    flags.databaseUrl,
    flags.envFile,
    flags.config,
    flags.schema,
    flags.role,
    flags.sql,
    flags.file,
    flags.verify,
    flags.workers,
    flags.walk,
    flags.batchTime,
    flags.triggers,
    flags.throttle,
    flags.maxLag,
    flags.replicaUrl,
    flags.lockTimeout,
    flags.maxLockWait,
    flags.restart,
    flags.events,
    flags.yes,
    flags.format,
    flags.json,
  ],
  async run(invocation, context) {
    const [word = '', name] = invocation.arguments
    const verb = verbs.find((each) => each === word)
    if (verb === undefined) throw new LockkeeperError('usage', `There is no backfill ${word}.`, { hint: `There are ${verbs.join(', ')}.` })
    const { config, folder } = await loadConfig(context.cwd, invocation.options.config)
    return await runVerb(verb, name, { invocation, context, config, root: folder })
  },
}

interface Request {
  readonly invocation: Invocation
  readonly context: Context
  readonly config: Config
  readonly root: string
}

async function runVerb(verb: Verb, name: string | undefined, request: Request): Promise<number> {
  switch (verb) {
    case 'list':
    case 'watch':
      return await look(verb, name, request)
    case 'script':
      return await script(request)
    case 'run': {
      const { runOne } = await import('../backfill-run.ts')
      return await runOne({ ...request, name: named(verb, name) })
    }
    case 'pause':
    case 'resume':
    case 'cancel':
      return await want(verb, named(verb, name), request)
  }
}

function named(verb: Verb, name: string | undefined): string {
  if (name === undefined || name === '')
    throw new LockkeeperError('usage', `Which one? lockkeeper backfill ${verb} NAME.`, {
      hint: 'lockkeeper backfill list shows those that there are.',
    })
  return name
}

async function look(verb: 'list' | 'watch', name: string | undefined, { invocation, context, config }: Request): Promise<number> {
  const { options } = invocation
  const { needConnection } = await import('../connection.ts')
  const { openTarget } = await import('../../verbs/target.ts')
  const { printTarget } = await import('../target-line.ts')
  const { readBackfills, watchBackfills } = await import('../backfill-watch.ts')
  const connection = await needConnection({ options, config }, context)
  await using target = await openTarget(connection)
  printTarget(context, target.session, connection.role)
  if (verb === 'watch') return await watchBackfills(target, name, context)
  const { backfillsJson, backfillsText } = await import('../../report/backfill.ts')
  const lines = await readBackfills(target, name)
  context.stdout.write(options.json === true || options.format === 'json' ? backfillsJson(verb, lines) : backfillsText(context, lines))
  return 0
}

async function targetNamed(connection: Connection, context: Context): Promise<Target> {
  const { openTarget } = await import('../../verbs/target.ts')
  const { printTarget } = await import('../target-line.ts')
  await using target = await openTarget(connection)
  printTarget(context, target.session, connection.role)
  return target
}

const wantedBy = { pause: 'pause', resume: 'run', cancel: 'cancel' } as const

async function want(verb: 'pause' | 'resume' | 'cancel', name: string, { invocation, context, config }: Request): Promise<number> {
  const { options } = invocation
  const { needConnection } = await import('../connection.ts')
  const { wantOfBackfill } = await import('../../verbs/backfills.ts')
  const { backfillsJson, backfillsText } = await import('../../report/backfill.ts')
  const { confirmed } = await import('../recording.ts')
  const connection = await needConnection({ options, config }, context)
  const { engine } = await targetNamed(connection, context)
  if (verb === 'cancel' && !(await confirmed(invocation, context, `Cancel the backfill ${name}?`))) return 1
  const state = await wantOfBackfill({ engine, connection, signal: context.signal }, name, wantedBy[verb])
  const line = { ...state, name }
  context.stdout.write(options.json === true || options.format === 'json' ? backfillsJson(verb, [line]) : backfillsText(context, [line]))
  return 0
}

async function script({ invocation, context, config }: Request): Promise<number> {
  const { options } = invocation
  const { sqlOf } = await import('../backfill-run.ts')
  const { needConnection } = await import('../connection.ts')
  const { openTarget } = await import('../../verbs/target.ts')
  const { printTarget } = await import('../target-line.ts')
  const { defineFromSql } = await import('../../verbs/backfill-definition.ts')
  const { backfillScript } = await import('../../plan/backfill-script.ts')
  const { present } = await import('../../std/present.ts')
  const sql = await sqlOf({ invocation, context })
  if (sql === undefined) throw new LockkeeperError('usage', 'What is it to do?', { hint: 'Give --sql "UPDATE ..." or --file FILE.' })
  const connection = await needConnection({ options, config }, context)
  await using target = await openTarget(connection)
  printTarget(context, target.session, connection.role)
  const wish = { sql, ...present({ walk: options.walk, batchTargetMs: options.batchTime }) }
  const { work, walk, batchTargetMs } = await defineFromSql(target.engine, target.session, wish)
  const { version } = target.session.server
  const name = invocation.arguments[1] ?? 'backfill'
  context.stdout.write(`${backfillScript({ work, walk, batchTargetMs, name, version }, target.engine.dialect)}\n`)
  return 0
}
