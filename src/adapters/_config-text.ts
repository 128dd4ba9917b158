import { lineAt } from './_files.ts'

/** What stands at a place of a configuration file: a plain string, or something that only running it could tell. */
export type Setting =
  | { readonly kind: 'text'; readonly value: string; readonly line: number }
  | { readonly kind: 'code'; readonly line: number }

/** Keys of nested object literals; a single one is looked for wherever it stands. */
export type Path = string | readonly string[]

/**
 * Looks up `migrations.table` and the like in the text of a JavaScript, TypeScript or JSON file, without running it. Keys are those of nested
 * object literals, however deep in calls and brackets the outermost one stands; the first that fits counts.
 */
export function setting(source: string, path: Path): Setting | undefined {
  const tokens = tokenize(source)
  const at = placeOf(tokens, path)
  return at === undefined ? undefined : settingAt(source, tokens, at)
}

/** Whether a plain `true` stands at a place. */
export function flag(source: string, path: Path): boolean {
  const tokens = tokenize(source)
  return tokens[placeOf(tokens, path) ?? tokens.length]?.text === 'true'
}

/**
 * What stands at a place, or each element of the list there, as its plain strings: `['a', join('b', 'c')]` is a and b, c. What `__dirname` puts
 * before them is left out; undefined stands for what only running it could tell.
 */
export function elements(source: string, path: Path): readonly (readonly string[] | undefined)[] {
  const tokens = tokenize(source)
  const at = placeOf(tokens, path)
  if (at === undefined) return []
  const list = tokens[at]?.text === '['
  const parts = list ? split(tokens.slice(at + 1)) : split(tokens.slice(at)).slice(0, 1)
  return parts.filter((element) => element.length > 0).map(stringsOf)
}

/** What stands between commas, up to the bracket that ends it all. */
function split(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const found: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (isOneOf(token.text, '[({')) depth += 1
    if (isOneOf(token.text, '])}')) depth -= 1
    if (depth < 0) break
    if (depth === 0 && token.text === ',') found.push([])
    else found.at(-1)?.push(token)
  }
  return found
}

function stringsOf(element: readonly Token[]): readonly string[] | undefined {
  const values = element.filter(({ string }) => string).map(({ text, value }) => value ?? afterFolder(text))
  const known = values.filter((value) => value !== undefined)
  return known.length === values.length && known.length > 0 ? known : undefined
}

/** `${__dirname}/migrations` in a template. */
function afterFolder(template: string): string | undefined {
  const inner = template.slice(1, -1).replace(/^\$\{(?:__dirname|import\.meta\.dirname)\}/, '')
  return inner.includes('${') ? undefined : inner
}

/** The index of what stands behind the colon of a place. */
function placeOf(tokens: readonly Token[], path: Path): number | undefined {
  if (typeof path === 'string') {
    const at = tokens.findIndex(({ text }, index) => text === ':' && tokens[index - 1]?.value === path)
    return at < 0 ? undefined : at + 1
  }
  const stack: (string | undefined)[] = []
  let key: string | undefined
  for (const [at, { text }] of tokens.entries()) {
    if (text === ':') {
      key = tokens[at - 1]?.value
      if (same([...stack.filter((part) => part !== undefined), key], path)) return at + 1
    } else if (isOneOf(text, '{[(')) {
      stack.push(key)
      key = undefined
    } else if (isOneOf(text, '}])')) {
      stack.pop()
      key = undefined
    } else if (isOneOf(text, ',;=')) {
      key = undefined
    }
  }
  return undefined
}

/** Every plain string inside the brackets or call that stands at a key: the globs of `migrations: ['src/*.ts']`. */
export function strings(source: string, key: string): readonly string[] {
  const tokens = tokenize(source)
  const start = tokens.findIndex((each, at) => each.value === key && tokens[at + 1]?.text === ':')
  if (start < 0) return []
  const found: string[] = []
  let depth = 0
  for (const { text, string, value } of tokens.slice(start + 2)) {
    if (isOneOf(text, '[({')) depth += 1
    if (isOneOf(text, '])}')) depth -= 1
    if (depth < 0 || (depth === 0 && text === ',')) break
    if (string && value !== undefined) found.push(value)
  }
  return found
}

interface Token {
  readonly text: string
  readonly offset: number
  readonly string: boolean
  /** Of a word or a string without placeholders. */
  readonly value?: string
}

// Comments, strings, templates, words, and any other character by itself.
const pattern =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|[\p{ID_Start}$_][\p{ID_Continue}$]*|\S/gu

function tokenize(source: string): readonly Token[] {
  const found = [...source.matchAll(pattern)].filter((match) => !match[0].startsWith('//') && !match[0].startsWith('/*'))
  return found.map((match) => asToken(match[0], match.index))
}

function asToken(text: string, offset: number): Token {
  const quote = text[0] ?? ''
  const string = `'"\``.includes(quote)
  if (!string) return /^[\p{ID_Start}$_]/u.test(text) ? { text, offset, string, value: text } : { text, offset, string }
  const inner = text.slice(1, -1)
  return quote === '`' && inner.includes('${') ? { text, offset, string } : { text, offset, string, value: unescape(inner) }
}

function unescape(inner: string): string {
  return inner.replace(/\\u\{([0-9a-fA-F]+)\}|\\u([0-9a-fA-F]{4})|\\./gsu, (whole, braced?: string, four?: string) => {
    const hex = braced ?? four
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    const plain = whole.slice(1)
    return { n: '\n', t: '\t', r: '\r' }[plain] ?? plain
  })
}

function settingAt(source: string, tokens: readonly Token[], at: number): Setting | undefined {
  const found = tokens[at]
  if (found === undefined) return undefined
  const line = lineAt(source, found.offset)
  const ends = isOneOf(tokens[at + 1]?.text ?? ',', ',}]);') || startsLine(source, tokens[at + 1])
  return found.string && found.value !== undefined && ends ? { kind: 'text', value: found.value, line } : { kind: 'code', line }
}

function startsLine(source: string, token: Token | undefined): boolean {
  if (token === undefined || token.value === undefined) return false
  return source.slice(0, token.offset).trimEnd().length < source.lastIndexOf('\n', token.offset) + 1
}

function isOneOf(text: string, characters: string): boolean {
  return text.length === 1 && characters.includes(text)
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, at) => part === b[at])
}
