import { Pace } from '../backfill/pace.ts'
import { LockkeeperError } from '../model/errors.ts'
import { backfillNdjson, backfillsText, progressText, stateOf, type BackfillLine } from '../report/backfill.ts'
import { clip } from '../report/style.ts'
import { sleep } from '../std/sleep.ts'
import { displayName } from '../verbs/backfills.ts'
import type { Target } from '../verbs/target.ts'
import type { Context } from './command.ts'

/** Those of the database that are not done, or the one that is named. */
export async function readBackfills({ engine, session }: Target, name: string | undefined): Promise<readonly BackfillLine[]> {
  const all = (await engine.backfills(session).list()).map((state) => ({ ...state, name: displayName(state.key) }))
  const named = name === undefined ? all : all.filter((line) => line.name === name)
  if (name !== undefined && named.length === 0)
    throw new LockkeeperError('backfill-unknown', `There is no backfill ${name} in this database.`)
  return named
}

/** Says once a second how it goes, until none is left that is not at its end: redrawn on a terminal, elsewhere one line of JSON each time. */
export async function watchBackfills(target: Target, name: string | undefined, context: Context): Promise<number> {
  const paces = new Map<string, Pace>()
  for (;;) {
    const lines = (await readBackfills(target, name)).map((line) => withPace(line, paces))
    const open = lines.filter((line) => !isOver(line))
    if (context.stdout.isTerminal) draw(context, open)
    else for (const line of open.length > 0 ? open : lines) context.stdout.write(backfillNdjson(line))
    if (open.length === 0) {
      if (context.stdout.isTerminal) context.stdout.write(`\r\u001b[2K${backfillsText(context, name === undefined ? [] : lines)}`)
      return lines.some((line) => stateOf(line) === 'failed') ? 1 : 0
    }
    await sleep(everyMs, context.signal)
  }
}

const everyMs = 1_000

function withPace(line: BackfillLine, paces: Map<string, Pace>): BackfillLine {
  const pace = paces.get(line.name) ?? new Pace()
  paces.set(line.name, pace)
  return { ...line, pace: pace.add({ atMs: performance.now(), rows: line.rows, fraction: line.fraction, sweep: line.sweep }) }
}

function isOver(line: BackfillLine): boolean {
  const state = stateOf(line)
  return state === 'done' || state === 'failed' || state === 'cancelled'
}

function draw(context: Context, lines: readonly BackfillLine[]): void {
  const [first, ...more] = lines
  if (first === undefined) return
  const held = first.workers.find((worker) => worker.held !== undefined)?.held
  const text = `${first.name}: ${stateOf(first)}, ${progressText(first)}${held === undefined ? '' : `; ${held}`}${more.length > 0 ? `; and ${more.length} more` : ''}`
  context.stdout.write(`\r\u001b[2K${clip(text.replaceAll('\n', ' '), context.width - 1)}`)
}
