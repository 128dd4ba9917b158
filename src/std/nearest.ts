/** The known name that was most likely meant: few letters off, or a beginning or end of it; undefined where none is near. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  const ranked = [...known].map((name) => ({ name, off: distance(name, typed) })).toSorted((a, b) => a.off - b.off)
  const closest = ranked.find(({ name, off }) => off <= Math.max(1, Math.floor(name.length / 4)))
  const part = ranked.find(({ name }) => typed.length > 3 && (name.startsWith(typed) || name.endsWith(typed)))
  return (closest ?? part)?.name
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
