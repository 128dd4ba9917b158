/** The known name that was most likely meant: few letters off, or a beginning or end of it; undefined where none is near. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  const names = byNearness(typed, known)
  const closest = names.find((name) => distance(name, typed) <= Math.max(1, Math.floor(name.length / 4)))
  const part = names.find((name) => typed.length > 3 && (name.startsWith(typed) || name.endsWith(typed)))
  return closest ?? part
}

/** The fewest letters off first. */
export function byNearness(typed: string, known: Iterable<string>): readonly string[] {
  const off = (name: string) => distance(name, typed)
  return [...known].toSorted((a, b) => off(a) - off(b) || swapped(a, typed) - swapped(b, typed))
}

/** 0 where the same letters stand in another order, which is what fingers do most; else 1. */
function swapped(name: string, typed: string): number {
  const letters = (text: string) => [...text].toSorted().join('')
  return letters(name) === letters(typed) ? 0 : 1
}

/** Letters to put in, take out or change until one is the other (Levenshtein). */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, right] of [...b].entries())
      next.push(Math.min((row[j] ?? 0) + Number(left !== right), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    row = next
  }
  return row.at(-1) ?? 0
}
