import { scan } from '../parse.ts'
import { postgresDialect } from '../quote.ts'

/** The text with every mention of a column under its new name: identifiers that are no function, no type and no part of another name. */
export function renameInText(text: string, { from, to }: { readonly from: string; readonly to: string }): string {
  if (!mentions(text, from)) return text
  const tokens = scan(text)
  const quoted = postgresDialect.name(from)
  const hits = tokens.filter((token, at) => {
    const [before, after] = [tokens[at - 1]?.text, tokens[at + 1]?.text]
    return (token.text === quoted || token.text === from) && token.kind !== 'SCONST' && before !== '.' && before !== '::' && after !== '('
  })
  const bytes = Buffer.from(text, 'utf8')
  const pieces = hits.map((token, at) => bytes.toString('utf8', hits[at - 1]?.end ?? 0, token.start) + postgresDialect.name(to))
  return pieces.join('') + bytes.toString('utf8', hits.at(-1)?.end ?? 0)
}

/** Whether the name stands there as a word of its own, in quotes or in a string perhaps: most texts need not be cut into tokens. */
function mentions(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!isPartOfWord(text[at - 1]) && !isPartOfWord(text[at + name.length])) return true
  }
  return false
}

function isPartOfWord(character: string | undefined): boolean {
  return character !== undefined && /[\w$\u0080-\uffff]/.test(character)
}
