import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import * as v from 'valibot'
import { LockkeeperError } from '../model/errors.ts'
import type { Statistics } from '../model/statistics.ts'
import { ageText } from '../std/amounts.ts'

const amount = v.pipe(v.number(), v.finite(), v.minValue(0))
const rate = v.pipe(v.number(), v.finite(), v.gtValue(0))
const time = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
)
const size = v.object({
  rows: v.exactOptional(amount),
  bytes: amount,
  pages: amount,
  analyzedAt: v.exactOptional(time),
  indexes: v.record(v.string(), amount),
})
const document = v.object({
  format: v.literal(1),
  server: v.object({ flavor: v.literal('postgresql'), version: v.pipe(v.number(), v.integer()), fullVersion: v.exactOptional(v.string()) }),
  takenAt: time,
  speed: v.object({ scans: v.array(v.object({ relation: v.string(), bytesPerSecond: rate })), sortedRowsPerSecond: rate }),
  relations: v.record(v.string(), size),
})

/** Reads what `writeStatsFile` wrote. Throws `stats-unreadable`, naming the file and the key that is wrong. */
export async function readStatsFile(root: string, path: string): Promise<Statistics> {
  const text = await readFile(resolve(root, path), 'utf8').catch((cause: unknown) => {
    throw unreadable(`The stats file ${path} cannot be read.`, cause)
  })
  const result = v.safeParse(document, parsed(path, text))
  if (!result.success) {
    const key = (result.issues[0].path ?? []).map((item) => String(item.key)).join('.')
    throw unreadable(`${path} is no stats file of this version: ${key === '' ? 'the document' : `"${key}"`} is not as expected.`)
  }
  const { format: _, ...statistics } = result.output
  return { origin: 'stats-file', ...statistics }
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable(`${path} is not JSON.`)
  }
}

function unreadable(message: string, cause?: unknown): LockkeeperError {
  return new LockkeeperError('stats-unreadable', message, { cause })
}

/** Names, sizes and times; no host, no user, no value of a table. Whoever reads the file meanwhile finds the old one whole, or the new one. */
export async function writeStatsFile(root: string, path: string, { server, takenAt, speed, relations }: Statistics): Promise<void> {
  const file = resolve(root, path)
  const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}`)
  try {
    await writeFile(draft, `${JSON.stringify({ format: 1, server, takenAt, speed, relations }, null, 2)}\n`)
    await rename(draft, file)
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw new LockkeeperError('usage', `The stats file ${path} cannot be written.`, { cause, hint: 'Check --write-stats.' })
  }
}

const dayMs = 86_400_000
/** Tables grow; after a month a size says little about tonight. */
const oldAfterDays = 30

/** How old the sizes are, always; and where that is too old, what to do. `today` is `2026-11-24`. */
export function ageNote(path: string, { takenAt, server }: Statistics, today: string): string {
  const day = Date.parse(takenAt.slice(0, 10))
  const ageMs = Math.max(Date.parse(today) - day, 0)
  const age = ageMs < dayMs ? 'today' : ageText(ageMs)
  const old = ageMs > oldAfterDays * dayMs ? ` Older than ${oldAfterDays} days: write it anew with check --write-stats.` : ''
  return `Sizes and times are those of ${path}, taken ${age} on PostgreSQL ${server.fullVersion ?? server.version}.${old}`
}
