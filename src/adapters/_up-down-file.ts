import type { Files } from '../model/adapter.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration, SourceId } from '../model/migration.ts'
import type { Direction, GivenValue } from '../model/up-down.ts'
import { nearest } from '../std/nearest.ts'
import { entries, join, lineAt, readText, unreadable } from './_files.ts'
import { parseJson } from './_json.ts'

/** Tools that would take the file itself for a migration: there the comments say it, and files of pgroll say it by themselves. */
const without: ReadonlySet<SourceId> = new Set(['node-pg-migrate', 'pgroll'])

/**
 * The migrations with what the files beside them say that columns hold: `<migration>.lockkeeper.json`, and `migration.lockkeeper.json` beside a
 * `migration.sql`. Throws `up-down-invalid` and `source-unreadable` with file and line.
 */
export async function withUpDownFiles(files: Files, path: string, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  await refuseStrays(files, path, migrations)
  return await Promise.all(migrations.map((migration) => withUpDownFile(files, migration)))
}

async function withUpDownFile(files: Files, migration: Migration): Promise<Migration> {
  const file = besideOf(migration)
  if (without.has(migration.source) || (await files.exists(file)) !== 'file') return migration
  const { text } = await readText(files, file)
  return { ...migration, upDown: readValues(file, text) }
}

const ending = '.lockkeeper.json'

function besideOf({ file }: Migration): string {
  return file.replace(/(\.up)?\.\w+$/, ending)
}

/** One that belongs to no migration is misspelt, and would be missed only when rows lack their values. */
async function refuseStrays(files: Files, path: string, migrations: readonly Migration[]): Promise<void> {
  if (migrations.some(({ source }) => without.has(source))) return
  const known = new Set(migrations.map(besideOf))
  const inside = (await entries(files, path)).filter(({ kind, name }) => kind === 'file' && name.endsWith(ending))
  const stray = inside.map(({ name }) => join(path, name)).find((file) => !known.has(file))
  if (stray === undefined) return
  const meant = nearest(stray, known)
  const hint = meant === undefined ? `Call it as the migration is called, with ${ending} at the end.` : `Did you mean ${meant}?`
  throw invalid({ file: stray, line: 1 }, 'it stands beside no migration of that name', hint)
}

function readValues(file: string, text: string): readonly GivenValue[] {
  const content = parseJson(file, text)
  if (!isObject(content)) throw unreadable({ file, line: 1 }, 'is no object with the keys up and down')
  return Object.entries(content).flatMap(([key, values]) => {
    const place = { file, line: lineOf(text, key) }
    if (key !== 'up' && key !== 'down') throw unknownKey(place, key)
    if (!isObject(values)) throw invalid(place, `${key} is no object of columns and expressions`)
    return Object.entries(values).map(([name, sql]) => valueOf({ direction: key, name, file, line: lineOf(text, name, key) }, sql))
  })
}

function valueOf(given: Omit<GivenValue, 'sql'>, sql: unknown): GivenValue {
  if (typeof sql !== 'string' || sql.trim() === '') throw invalid(given, `the ${given.direction} of ${given.name} is no SQL expression`)
  return { ...given, sql }
}

const keys: readonly Direction[] = ['up', 'down']

function unknownKey(place: Pick<GivenValue, 'file' | 'line'>, key: string): LockkeeperError {
  const meant = nearest(key, keys)
  return invalid(place, `there is no key "${key}"`, meant === undefined ? 'The keys are up and down.' : `Did you mean "${meant}"?`)
}

function invalid({ file, line }: Pick<GivenValue, 'file' | 'line'>, what: string, hint?: string): LockkeeperError {
  return new LockkeeperError('up-down-invalid', `${file}, line ${line}: ${what}.`, {
    ...(hint !== undefined && { hint }),
    details: { file, line },
  })
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A column may stand under both directions. */
function lineOf(text: string, key: string, under?: string): number {
  const from = under === undefined ? 0 : text.indexOf(JSON.stringify(under))
  const offset = text.indexOf(JSON.stringify(key), from)
  return offset < 0 ? 1 : lineAt(text, offset)
}
