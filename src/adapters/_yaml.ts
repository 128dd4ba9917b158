import { isMap, isNode, isScalar, isSeq, Lexer, LineCounter, parseDocument, Parser, type Document, stringify } from 'yaml'
import { lineAt, unreadable } from './_files.ts'

/** A document of YAML or JSON, with the places of what stands in it. */
export interface Yaml {
  readonly value: unknown
  /** 1-based line of what stands at a path; of the nearest above it where the path leads to nothing. */
  readonly lineOf: (path: readonly (string | number)[]) => number
}

/** Parses one document of YAML 1.1, of which JSON is a part; throws `source-unreadable` with the line where it breaks. */
export function parseYaml(file: string, text: string): Yaml {
  refuseTooDeep(file, text)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, version: '1.1', schema: 'yaml-1.1', logLevel: 'silent' })
  const [error] = document.errors
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line
    throw unreadable({ file, line }, conflict(text) ? 'holds an unresolved merge conflict' : 'is not valid YAML', { cause: error })
  }
  return { value: plain(file, document), lineOf: (path) => lines.linePos(startOf(document, path)).line }
}

/** The package composes by calls within calls, and where their stack ends within a regular expression Node ends with it: at 20,000 levels it does. */
const mostLevels = 200

function refuseTooDeep(file: string, text: string): void {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    // What is done goes to nobody here: only how much is open counts.
    for (const _done of parser.next(lexeme)) continue
    if (parser.stack.length > mostLevels) throw unreadable({ file, line: lineAt(text, parser.offset) }, 'is nested too deeply')
  }
}

// An alias bomb is refused by the parser only here.
function plain(file: string, document: Document): unknown {
  try {
    return document.toJS()
  } catch (cause) {
    throw unreadable({ file }, 'repeats itself by aliases beyond all measure', { cause })
  }
}

function conflict(text: string): boolean {
  return /^<{7} /m.test(text)
}

function startOf(document: Document, path: readonly (string | number)[]): number {
  let [node, start]: [unknown, number] = [document.contents, 0]
  for (const part of [undefined, ...path]) {
    if (part !== undefined) node = childOf(node, part)
    if (!isNode(node) || node.range == null) return start
    start = node.range[0]
  }
  return start
}

/** A key that is a number or nothing is a text in the value, and so in the path to it. */
function childOf(node: unknown, part: string | number): unknown {
  if (isSeq(node)) return node.items[Number(part)]
  if (!isMap(node)) return undefined
  return node.items.find(({ key }) => isScalar<string | number | boolean | null>(key) && String(key.value ?? '') === String(part))?.value
}

/** The value as a file of its own. */
export function writeYaml(value: unknown): string {
  return stringify(value, { version: '1.1' })
}
