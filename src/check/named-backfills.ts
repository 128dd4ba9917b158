import type { Migration } from '../model/migration.ts'
import { commentsOf } from './comments.ts'

/** Where a migration names a backfill in TypeScript. */
export interface BackfillName {
  /** As it stands there: ./backfills/fill.ts, relative to the project. */
  readonly module: string
  readonly export?: string
  /** 1-based, in the source file. */
  readonly line: number
  /** Position of the statement that comes next; the number of all where none does. */
  readonly before: number
}

type Placed = Parameters<typeof commentsOf>[1]

/** The comments `-- lockkeeper-backfill ./backfills/fill.ts#fill` of an SQL file, each on a line of its own between statements. */
export function namedBackfills({ body }: Pick<Migration, 'body'>, statements: Placed): readonly BackfillName[] {
  if (body.kind !== 'sql' || !mayName(body.bytes)) return []
  return commentsOf(body, statements).flatMap(({ text, line, above }) => {
    const found = /^lockkeeper-backfill\s+([^\s#]+)(?:#([\w$]+))?$/.exec(text)
    const [, module, name] = found ?? []
    if (module === undefined) return []
    return [{ module, ...(name === undefined ? {} : { export: name }), line, before: above[0] ?? statements.length }]
  })
}

function mayName(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('lockkeeper-backfill')
}
