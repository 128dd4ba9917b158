import { digest } from '../std/digest.ts'

/** Names a statement of a migration, whatever line it stands on. */
export function fingerprintOf(migration: string, sql: string): string {
  return digest(`${migration}\n${normalised(sql)}`)
}

// Strings, quoted names and dollar quotes as they are; comments and blanks as one blank; all else in small letters.
const pieces = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[^]*?\$\1\$|(?:--[^\n]*|\/\*[^]*?\*\/|\s)+|[^\s'"$/-]+|./g

// Most statements have nothing in them that must stay as it is.
const mayHoldPieces = /['"$]|--|\/\*/

/** The statement without what a formatter changes: comments, blanks, the case of words. */
export function normalised(sql: string): string {
  if (!mayHoldPieces.test(sql)) return sql.toLowerCase().replace(/\s+/g, ' ').trim()
  return sql.replace(pieces, (piece) => (/^['"$]/.test(piece) ? piece : /^(?:\s|--|\/\*)/.test(piece) ? ' ' : piece.toLowerCase())).trim()
}
