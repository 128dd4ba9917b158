import { LineCounter, parseDocument, type Document } from 'yaml'
import { unreadable } from './_files.ts'

/** A document of YAML or JSON, with the places of what stands in it. */
export interface Yaml {
  readonly value: unknown
  /** 1-based line of what stands at a path; of the nearest above it where the path leads to nothing. */
  readonly lineOf: (path: readonly (string | number)[]) => number
}

/** Parses one document of YAML 1.1, of which JSON is a part; throws `source-unreadable` with the line where it breaks. */
export function parseYaml(file: string, text: string): Yaml {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, version: '1.1', schema: 'yaml-1.1', logLevel: 'silent' })
  const [error] = document.errors
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line
    throw unreadable({ file, line }, conflict(text) ? 'holds an unresolved merge conflict' : 'is not valid YAML', { cause: error })
  }
  return { value: plain(file, document), lineOf: (path) => lines.linePos(startOf(document, path)).line }
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
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true)
    if (isPlaced(node)) return node.range[0]
  }
  return 0
}

function isPlaced(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
}
