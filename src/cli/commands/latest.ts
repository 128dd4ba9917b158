import { LockkeeperError } from '../../model/errors.ts'
import { postgresDialect } from '../../postgres/quote.ts'
import type { Latest } from '../../verbs/latest.ts'
import type { Command, Context, Invocation } from '../command.ts'
import { findConnection, needConnection } from '../connection.ts'
import { loadConfig } from '../config.ts'
import { targetFlags } from '../options.ts'
import { pgrollFlags } from '../pgroll-flags.ts'

const wanted = ['schema', 'migration', 'url'] as const

export const latest: Command = {
  name: 'latest',
  summary: 'as in pgroll: the newest version: its schema, its migration, or the URL that finds it',
  description: 'Prints one line for scripts. Of the database, or with --local of a folder. The URL is printed without its password.',
  arguments: [{ name: '<what>', description: 'schema, migration or url' }],
  options: [...targetFlags, pgrollFlags.local],
  async run(invocation, context) {
    const what = wanted.find((each) => each === invocation.arguments[0])
    if (what === undefined) throw new LockkeeperError('usage', `latest knows ${wanted.join(', ')}, and not ${invocation.arguments[0]}.`)
    const found = await newest(invocation, context)
    const { migration, schema } = found
    if (what === 'migration') context.stdout.write(`${migration}\n`)
    else if (schema === undefined) throw new LockkeeperError('migration-unknown', `${migration} has no schema of its own.`)
    else context.stdout.write(`${what === 'schema' ? schema : await urlFor(schema, invocation, context)}\n`)
    return 0
  },
}

async function newest({ options }: Invocation, context: Context): Promise<Latest> {
  const { config } = await loadConfig(context.cwd, options.config)
  if (options.local !== undefined) return await ofFolder(options.local, options.schema ?? config.schema ?? 'public', context)
  const connection = await needConnection({ options, config }, context)
  const { openTarget } = await import('../../verbs/target.ts')
  const { latestOf } = await import('../../verbs/latest.ts')
  await using target = await openTarget(connection)
  return await latestOf(target, config.project)
}

async function ofFolder(path: string, schema: string, { cwd: root, signal }: Context): Promise<Latest> {
  const { loadMigrations } = await import('../../verbs/load-migrations.ts')
  const last = (await loadMigrations({ root, path, source: 'pgroll', signal })).migrations.at(-1)
  if (last === undefined) throw new LockkeeperError('source-missing', `${path} holds no files of pgroll.`)
  return { migration: last.id, schema: `${schema}_${last.version ?? last.id}` }
}

/** With the search_path as an option of the connection, as pgroll gives it. */
async function urlFor(schema: string, { options }: Invocation, context: Context): Promise<string> {
  const { config } = await loadConfig(context.cwd, options.config)
  const connection = await findConnection({ options, config }, context)
  if (connection === undefined) throw new LockkeeperError('no-database-url', 'No database is given.')
  const url = new URL(connection.url)
  if (url.password !== '') context.stderr.write('The password is left out.\n')
  url.password = ''
  // In this option a blank ends a word, and a backslash takes the next character as it is.
  const path = postgresDialect.name(schema).replaceAll(/[\\ ]/g, '\\$&')
  const given = url.searchParams.get('options')
  url.searchParams.set('options', [...(given === null ? [] : [given]), `-c search_path=${path}`].join(' '))
  url.searchParams.delete('schema')
  url.search = url.search.replaceAll('+', '%20')
  return url.toString()
}
