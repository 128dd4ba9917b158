import { LockkeeperError } from '../model/errors.ts'
import type { ThrottleKind } from '../model/throttle.ts'

type Named = Pick<ThrottleKind, 'id' | 'example'>

/** What `parse` makes of the value. Throws `usage` with the throttle, the value and an example where it makes nothing of it. */
export function limitOf<T>(kind: Named, value: string, parse: (text: string) => T | undefined): T {
  const limit = parse(value)
  if (limit === undefined) throw badValue(kind, value)
  return limit
}

/** `why`: what is wrong with it, where the example alone does not say so. */
export function badValue({ id, example }: Named, value: string, why = 'cannot be read'): LockkeeperError {
  return new LockkeeperError('usage', `--throttle ${id}: the value "${oneLine(value)}" ${why}`, {
    hint: `Write it as --throttle "${id}=${example}".`,
    details: { throttle: id, example },
  })
}

const longest = 200

/** What somebody else wrote, for a line in a terminal. */
export function oneLine(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
  return line.length > longest ? `${line.slice(0, longest)}...` : line
}

export function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error))
}
