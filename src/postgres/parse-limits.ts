/**
 * What of a script the parser would not survive. Its lexer reads a run of operator characters anew at each comment that opens in it (20,000 of
 * them take 8 s, and the time grows with the square), as the server's own does.
 */
export function opensTooManyComments(sql: string): boolean {
  for (const [run] of sql.matchAll(operatorRuns)) if (run.split('/*').length > mostComments) return true
  return false
}

/** The characters that scan.l counts among operators. */
const operatorRuns = /[~!@#^&|`?+\-*/%<>=]{2000,}/g
const mostComments = 1000

/** Chains such as 1 + 1 + 1 and UNION ALL make a tree as deep as they are long, and we walk trees by calls within calls: at 2,000 levels those fail. */
const mostLevels = 1500

/** Whether a tree is deeper than we can walk. A text shorter than the limit has none such: no level takes less than a byte. */
export function isTooDeep(tree: unknown, textBytes: number): boolean {
  if (textBytes < mostLevels / 2) return false
  let level = [tree]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > mostLevels) return true
    level = level.flatMap(childrenOf)
  }
  return false
}

function childrenOf(tree: unknown): unknown[] {
  return tree !== null && typeof tree === 'object' ? Object.values(tree) : []
}
