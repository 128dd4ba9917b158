import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LockkeeperError } from '../../model/errors.ts'
import { loadConfig } from '../config.ts'
import type { Command, Context } from '../command.ts'
import { findConnection } from '../connection.ts'
import type { Options } from '../options.ts'
import { flags } from '../options.ts'

export const init: Command = {
  name: 'init',
  summary: 'find the migrations and the database, write the config file',
  description:
    'Writes lockkeeper.config.ts (or .json where the project has no tsconfig.json) into the working directory. No URL and no password is written.',
  arguments: [{ name: '[path]', description: 'the folder of the migrations' }],
  options: [flags.databaseUrl, flags.envFile, flags.source],
  async run(invocation, context) {
    const { options } = invocation
    const { file } = await loadConfig(context.cwd)
    if (file !== undefined)
      throw new LockkeeperError('usage', `There is a configuration file already: ${file}.`, { hint: 'Edit it, or remove it first.' })
    const { locate } = await import('../../verbs/load-migrations.ts')
    const { diskFiles } = await import('../../adapters/_disk-files.ts')
    const [path] = invocation.arguments
    const where = { ...(options.source === undefined ? {} : { source: options.source }), ...(path === undefined ? {} : { path }) }
    const { location } = await locate(diskFiles(context.cwd), where)
    const written = await writeConfig(context.cwd, location)
    context.stdout.write(
      `Migrations: ${location.source} in ${location.path}\n${await databaseLine(options, context)}\nWrote ${written}\n\nNext: npx lockkeeper check\n`,
    )
    return 0
  },
}

async function writeConfig(cwd: string, { source, path }: { readonly source: string; readonly path: string }): Promise<string> {
  const typed = await access(join(cwd, 'tsconfig.json')).then(
    () => true,
    () => false,
  )
  const name = typed ? 'lockkeeper.config.ts' : 'lockkeeper.config.json'
  const body = `{\n  ${typed ? 'source' : '"source"'}: ${quoted(source, typed)},\n  ${typed ? 'migrations' : '"migrations"'}: ${quoted(path, typed)}${typed ? ',' : ''}\n}`
  const text = typed
    ? `import { defineConfig } from 'lockkeeper'\n\n// The database is taken from --database-url, DIRECT_URL or DATABASE_URL.\nexport default defineConfig(${body})\n`
    : `${body}\n`
  await writeFile(join(cwd, name), text, { flag: 'wx' })
  return name
}

function quoted(text: string, typed: boolean): string {
  const json = JSON.stringify(text)
  return typed
    ? `'${json
        .slice(1, -1)
        .replaceAll("'", String.raw`\'`)
        .replaceAll('\\"', '"')}'`
    : json
}

async function databaseLine(options: Options, context: Context): Promise<string> {
  const connection = await findConnection({ options, config: {} }, context)
  if (connection === undefined) return 'Database: none is given (DIRECT_URL, DATABASE_URL or --database-url); check works without one'
  try {
    const { openTarget } = await import('../../verbs/target.ts')
    await using target = await openTarget(connection)
    const { host, port, database } = target.session.target
    return `Database: ${database} on ${host}:${port}, PostgreSQL ${target.session.server.fullVersion ?? target.session.server.version}`
  } catch (error) {
    if (!(error instanceof LockkeeperError)) throw error
    return `Database: ${error.message}`
  }
}
