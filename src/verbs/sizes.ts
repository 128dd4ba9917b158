import { LockkeeperError } from '../model/errors.ts'
import type { Statistics } from '../model/statistics.ts'
import { present } from '../std/present.ts'
import type { CheckVerbOptions } from './check-options.ts'
import type { Scope } from './scope.ts'
import { ageNote, readStatsFile, writeStatsFile } from './stats-file.ts'

/** Where sizes and times come from; nowhere without a database and a file. */
export interface Sizes {
  readonly statistics?: Statistics
  readonly notes: readonly string[]
}

/**
 * The file's where one was given, else the database's, which are written where that was asked for. Both given, the file wins as a whole: someone
 * named it, and it was made where the migration will run, while the database may be a small copy that only says what is applied.
 */
export async function sizesFor({ root, statsFile, writeStatsFile: out, today }: CheckVerbOptions, { statistics }: Scope): Promise<Sizes> {
  if (statsFile !== undefined) {
    const read = await readStatsFile(root, statsFile)
    return { statistics: read, notes: [ageNote(statsFile, read, today)] }
  }
  if (out === undefined) return { ...present({ statistics }), notes: [] }
  if (statistics === undefined)
    throw new LockkeeperError('stats-not-taken', `${out} was not written: the server did not answer a short sample in time.`)
  await writeStatsFile(root, out, statistics)
  return { statistics, notes: [`Wrote sizes and speed of the database to ${out}.`] }
}
