import { lineAt, unreadable } from './_files.ts'

/** Parses JSON; throws `source-unreadable` with the line where it breaks, and says so where that is a merge conflict. */
export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const conflict = /^<{7} /m.exec(text)
    if (conflict !== null) throw unreadable({ file, line: lineAt(text, conflict.index) }, 'holds an unresolved merge conflict', { cause })
    throw unreadable({ file, line: lineAt(text, breaksAt(text)) }, 'is not valid JSON', { cause })
  }
}

type Wants = 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'after'

// Node says the place only in the words of its message, and differently in each version, so the tokens are walked once more.
function breaksAt(text: string): number {
  const token = /\s*([{}[\],:]|"(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|[^"\\\n])*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y
  const open: string[] = []
  let wants: Wants = 'value'
  let end = 0
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const next = step(open, wants, match[1] ?? '')
    if (next === undefined) return token.lastIndex - (match[1] ?? '').length
    wants = next
    end = token.lastIndex
  }
  return end + text.slice(end).length - text.slice(end).trimStart().length
}

/** What may follow a token; undefined where the token itself may not stand. */
function step(open: string[], wants: Wants, token: string): Wants | undefined {
  if (wants === 'colon') return token === ':' ? 'value' : undefined
  if (wants === 'after' && token === ',') return afterComma(open)
  if (wants.endsWith('key') && token.startsWith('"')) return 'colon'
  if (wants === 'after' || wants === 'first-key' || (wants === 'first-value' && token === ']')) return close(open, token)
  return wants === 'key' ? undefined : begin(open, token)
}

function begin(open: string[], token: string): Wants | undefined {
  if ('}],:'.includes(token)) return undefined
  if (token !== '{' && token !== '[') return 'after'
  open.push(token)
  return token === '{' ? 'first-key' : 'first-value'
}

function close(open: string[], token: string): Wants | undefined {
  if (token !== '}' && token !== ']') return undefined
  return open.pop() === (token === '}' ? '{' : '[') ? 'after' : undefined
}

function afterComma(open: readonly string[]): Wants | undefined {
  if (open.length === 0) return undefined
  return open.at(-1) === '{' ? 'key' : 'value'
}
