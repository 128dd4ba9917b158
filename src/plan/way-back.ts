import type { Catalog } from '../model/catalog.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import type { Reversal, WayBack } from '../model/way-back.ts'
import type { PlanEngine } from './options.ts'
import { readParts, type Part } from './parts.ts'

interface Way {
  /** All migrations of the folder that are applied, in order. */
  readonly applied: readonly Migration[]
  /** The one behind which the schema is to be as it was. */
  readonly to: string
  /** A catalog without anything, for a server of the target's version. */
  readonly empty: Catalog
}

/**
 * A new migration that takes back what came after an earlier one, statement by statement, the last one first (pure). It is a migration like any other:
 * to be put into the folder, checked, and taken through the locks. Throws `migration-unknown`.
 */
export function wayBack<Node>(engine: PlanEngine<Node>, { applied, to, empty }: Way): WayBack {
  const at = applied.findIndex(({ id }) => id === to)
  if (at < 0) throw new LockkeeperError('migration-unknown', `${to} is not among what is applied.`, { details: { migration: to } })
  let catalog = empty
  const parts = applied.map((migration) => {
    const read = readParts(engine, migration, { before: catalog, asWritten: true })
    catalog = engine.settle(read.after, catalog)
    return { migration, parts: read.parts }
  })
  const later = parts.slice(at + 1).toReversed()
  const reversals = later.flatMap((each) => each.parts.toReversed().map((part: Part<Node>): Reversal => engine.reverse(part.judged)))
  return {
    migrations: later.map(({ migration }) => migration.id),
    sql: reversals.flatMap(({ sql }) => sql),
    lost: [...new Set(reversals.flatMap(({ lost }) => lost))],
    byHand: [...new Set(reversals.flatMap(({ byHand }) => byHand))],
  }
}

/** The migration as a file. */
export function wayBackText({ migrations, sql, lost, byHand }: WayBack): string {
  const comment = (heading: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', `-- ${heading}`, ...lines.map((line) => `--   ${oneLine(line)}`)]
  return [
    `-- Takes back ${oneLine(migrations.join(', '))}.`,
    ...comment('What they wrote or dropped does not come back:', lost),
    ...comment('To be done by hand:', byHand),
    '',
    ...sql.map((each) => `${each};`),
    '',
  ].join('\n')
}

/** A name may hold a line break, behind which it would be SQL. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ')
}
