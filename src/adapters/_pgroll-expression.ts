/**
 * An `up` as an expression over the row. pgroll's documents write many of them as `(SELECT CASE ... END)`, which reads nothing but the row:
 * without the SELECT it may go in batches, and stand in USING. One that reads more stays as it is.
 */
export function rowExpression(up: string): string {
  const whole = up.trim()
  const inner = inParentheses(whole) ?? whole
  const bare = /^SELECT\s+([\s\S]+)$/i.exec(inner)?.[1]
  if (bare === undefined) return whole
  return readsMore.test(outermost(bare)) ? `(${inner})` : bare.trim()
}

const readsMore = /\b(?:FROM|WHERE|GROUP|HAVING|WINDOW|ORDER|LIMIT|OFFSET|FETCH|UNION|INTERSECT|EXCEPT|DISTINCT|ALL|AS|INTO|FOR)\b/i

/** Whether it holds a query. */
export function holdsQuery(expression: string): boolean {
  return /\b(?:SELECT|VALUES|TABLE)\b/i.test(withoutLiterals(expression))
}

/** Whether it is nothing but this column, so that rows stay as they are. */
export function isColumn(expression: string, column: string): boolean {
  const plain = (inParentheses(expression) ?? expression).trim()
  return plain === `"${column.replaceAll('"', '""')}"` || (/^[a-z_][a-z0-9_$]*$/i.test(plain) && plain.toLowerCase() === column)
}

/** What stands inside one pair of parentheses around it all. */
export function inParentheses(text: string): string | undefined {
  const inner = /^\(([\s\S]*)\)$/.exec(text.trim())?.[1]
  return inner === undefined || !isBalanced(withoutLiterals(inner)) ? undefined : inner.trim()
}

function isBalanced(text: string): boolean {
  let depth = 0
  for (const character of text) {
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0
}

// A subselect in parentheses has clauses of its own; those of the outermost SELECT are what counts.
function outermost(text: string): string {
  const next = withoutLiterals(text).replace(/\([^()]*\)/g, ' ')
  return next.includes('(') && next !== text ? outermost(next) : next
}

function withoutLiterals(text: string): string {
  return text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
}
