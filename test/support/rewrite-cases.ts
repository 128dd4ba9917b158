import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ColumnName } from './snapshot.ts'

/** A file of test/cases/rewrites: what is there, and the migration as the ORM wrote it. */
export interface RewriteCase {
  /** The folder: the rewrite that must take part. */
  readonly rewrite: string
  readonly name: string
  readonly setup: string
  readonly migration: string
  readonly versions: readonly [number, number]
  /** Filled by a volatile function, so compared by their being filled alone. */
  readonly volatile: readonly ColumnName[]
  readonly allow: readonly string[]
  /** Whether the rewrite of the folder is to match at all. */
  readonly rewritten: boolean
  readonly backfilled: boolean
  /** Why it cannot be tried on tables of many rows made in the image of those that it has. */
  readonly unfilled?: string
}

const folder = join(import.meta.dirname, '../cases/rewrites')

/** All cases, in the order of folder and file. */
export function rewriteCases(): readonly RewriteCase[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((rewrite) =>
      readdirSync(join(folder, rewrite))
        .toSorted()
        .map((file) => readCase(rewrite, file)),
    )
}

function readCase(rewrite: string, file: string): RewriteCase {
  const text = readFileSync(join(folder, rewrite, file), 'utf8')
  const [head = '', rest = ''] = text.split('-- setup\n')
  const [setup = '', migration = ''] = rest.split('-- migration\n')
  const told = (key: string) => new RegExp(`^-- ${key}: (.*)$`, 'm').exec(head)?.[1]
  const list = (key: string) => told(key)?.split(',') ?? []
  const unfilled = told('unfilled')
  const [from = '13', to = from] = (told('versions') ?? '13-18').split('-')
  return {
    rewrite,
    name: file.replace('.sql', ''),
    setup,
    migration,
    versions: [Number(from), Number(to)],
    volatile: list('volatile').map((name) => ({ table: name.split('.')[0] ?? '', column: name.split('.')[1] ?? '' })),
    allow: list('allow'),
    rewritten: told('rewritten') !== 'no',
    backfilled: told('backfill') === 'yes',
    ...(unfilled !== undefined && { unfilled }),
  }
}
