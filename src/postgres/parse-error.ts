export interface Place {
  /** 1-based. */
  readonly line: number
  /** 1-based, in characters. */
  readonly column: number
}

export interface ParseFailure extends Place {
  readonly code: 'syntax' | 'meta-command'
  /** What is wrong, as the beginning of a sentence that goes on with "at line 1". */
  readonly what: string
}

/** What the parser's complaint means and where it stands; `details` is missing where its stack ran out. */
export function locateError(sql: string, details: { readonly message: string; readonly cursorPosition: number } | undefined): ParseFailure {
  if (details === undefined) return { code: 'syntax', what: 'A statement is nested too deeply to be read', line: 1, column: 1 }
  const characters = [...sql]
  const at = Math.min(details.cursorPosition, characters.length)
  const place = placeOf(characters, at)
  const rest = characters.slice(at, at + 200).join('')
  const command = metaCommand(rest)
  if (command !== undefined) return { code: 'meta-command', what: `The psql command ${command} stands`, ...place }
  if (isCopyData(characters, at)) return { code: 'meta-command', what: 'The data of COPY FROM STDIN stands', ...place }
  return { code: 'syntax', what: details.message.charAt(0).toUpperCase() + details.message.slice(1), ...place }
}

function placeOf(characters: readonly string[], at: number): Place {
  const before = characters.slice(0, at)
  return { line: before.filter((character) => character === '\n').length + 1, column: at - before.lastIndexOf('\n') }
}

// `\connect`, `\.` and `:name`, `:'name'`, `:"name"`, `:{?name}`: a backslash or such a colon is never SQL where the grammar stops at it.
function metaCommand(rest: string): string | undefined {
  return /^\\\S*/.exec(rest)?.[0] ?? /^:(?:\w+|'[^']*'|"[^"]*"|\{[^}]*\})/.exec(rest)?.[0]
}

// psql reads the lines behind COPY ... FROM STDIN as data, up to a line `\.`; the grammar stops at the first of them.
function isCopyData(characters: readonly string[], at: number): boolean {
  const before = characters.slice(0, at).join('')
  const copy = /\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;\s*$/i.test(before)
  return copy && /^\\\.\s*$/m.test(characters.slice(at).join(''))
}
