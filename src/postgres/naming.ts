import { postgresDialect } from './quote.ts'

const { literal } = postgresDialect

/**
 * A condition: the text that `expression` gives says this name as a whole identifier, bare or quoted. It rather finds one too many (in a comment,
 * in a string) than one too few. Compared as the parser does: a bare word by its letters without case, as far as they are ASCII, a quoted one
 * exactly. So a new `"userId"` does not pass for the old `userid`.
 */
export function namesIt(expression: string, name: string): string {
  const text = `${expression} COLLATE "C"`
  const quotedForm = name.replaceAll('"', '""')
  const closing = mayBeCut(name) ? '' : '"'
  const quoted = `pg_catalog.strpos(${text}, ${literal(`"${quotedForm}${closing}`)}) > 0`
  return isBare(name) ? `(${quoted} OR ${text} ~* ${literal(bareWord(name))})` : quoted
}

/** The server cuts a longer name to this one: what stands behind it in the text then belongs to it. */
function mayBeCut(name: string): boolean {
  return Buffer.byteLength(name, 'utf8') > 63 - 4
}

/** Without quotes the parser reads this name: its ASCII letters are small, and it begins as an identifier does. */
function isBare(name: string): boolean {
  return /^[a-z_\u0080-\u{10FFFF}][a-z0-9_$\u0080-\u{10FFFF}]*$/u.test(name)
}

// Between two quotes it is a quoted name, which is compared exactly; beside one quote it is a bare one: a."x"full_name"y".
function bareWord(name: string): string {
  const word = name.replaceAll('$', '\\$')
  if (mayBeCut(name)) return `(^|[^[:alnum:]_$])${word}`
  const [before, after] = ['(^|[^[:alnum:]_$"])', '($|[^[:alnum:]_$"])']
  return `${before}${word}($|[^[:alnum:]_$])|(^|[^[:alnum:]_$])${word}${after}`
}
