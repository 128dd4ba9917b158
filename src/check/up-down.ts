import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Judged } from '../model/hazard.ts'
import type { Migration } from '../model/migration.ts'
import type { Statement } from '../model/statement.ts'
import type { GivenValue, UpDown } from '../model/up-down.ts'
import { nearest } from '../std/nearest.ts'
import { commentsOf, type Comment } from './comments.ts'

/** The statements of a migration, judged one after the other. */
export interface Judging<Node> {
  readonly migration: Pick<Migration, 'body' | 'file' | 'upDown'>
  readonly statements: readonly Statement<Node>[]
  /** The actions of each. */
  readonly parts: readonly (readonly Judged<Node>[])[]
  /** What the last one leaves. */
  readonly after: Catalog
}

/**
 * The actions, each with what the user says of its columns in comments and in the file beside the migration. Throws `up-down-invalid` with file
 * and line.
 */
export function withUpDown<Node>(engine: Pick<Engine<Node>, 'upDown'>, judging: Judging<Node>): Judging<Node>['parts'] {
  const given = givenIn(judging.migration, judging.statements)
  const start = judging.parts.flat()[0]?.before
  if (given.length === 0 || start === undefined) return judging.parts
  const found = new Map<Judged<Node>, UpDown[]>()
  for (const value of given) {
    const about = value.above === undefined ? judging.parts.flat() : value.above.flatMap((at) => judging.parts[at] ?? [])
    const held = engine.upDown(value, { about, start, after: judging.after })
    if (held === undefined) continue
    const others = found.get(held.judged) ?? []
    if (others.some(({ direction, column }) => direction === held.value.direction && column === held.value.column))
      throw invalid(value, `the ${value.direction} of ${value.name} is given twice`, 'Remove one of them.')
    found.set(held.judged, [...others, held.value])
  }
  return judging.parts.map((parts) => parts.map((judged) => (found.has(judged) ? { ...judged, upDown: found.get(judged) ?? [] } : judged)))
}

/** All values that a migration gives, as they are written. */
export function givenIn(
  { body, file, upDown = [] }: Judging<unknown>['migration'],
  statements: readonly Statement[],
): readonly GivenValue[] {
  if (body.kind !== 'sql') return [...upDown, ...statements.flatMap(givenBeside)]
  if (!mayGive(body.bytes)) return upDown
  refuseInside(file, statements)
  return [...upDown, ...valuesIn(commentsOf(body, statements), file)]
}

/** What code or a file of operations says together with its statements. */
function givenBeside({ given }: Statement, at: number): readonly GivenValue[] {
  const above = Array.from({ length: given?.covers ?? 0 }, (_, offset) => at + offset)
  return given?.values.map((value) => ({ ...value, above })) ?? []
}

function mayGive(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('lockkeeper-')
}

// It would be of no effect there, and nobody would notice.
function refuseInside(file: string, statements: readonly Statement[]): void {
  for (const { sql, line } of statements) {
    const inside = /--+[ \t]*lockkeeper-(?:up|down)(?![\w-])/.exec(sql)
    if (inside === null) continue
    const at = line + sql.slice(0, inside.index).split('\n').length - 1
    throw invalid({ file, line: at }, 'a comment that gives a value stands inside of a statement', 'Move it above the statement.')
  }
}

interface Started {
  readonly comment: Comment
  readonly direction: GivenValue['direction']
  readonly lines: readonly string[]
}

/** A comment that follows without a gap, and is indented by two blanks or more, goes on with the expression. */
function valuesIn(comments: readonly Comment[], file: string): readonly GivenValue[] {
  const started: Started[] = []
  let last: Comment | undefined
  for (const comment of comments) {
    const direction = directionOf(comment, file)
    const open = started.at(-1)
    if (direction !== undefined) started.push({ comment, direction, lines: [comment.text.slice(`lockkeeper-${direction}`.length)] })
    else if (open !== undefined && last !== undefined && goesOn(comment, last))
      started[started.length - 1] = { ...open, lines: [...open.lines, comment.text] }
    last = direction !== undefined || (open !== undefined && last !== undefined && goesOn(comment, last)) ? comment : undefined
  }
  return started.map((one) => valueOf(one, file))
}

function goesOn({ line, indent }: Comment, last: Comment): boolean {
  return line === last.line + 1 && indent >= 2
}

/** Words that comments of ours begin with. */
const words = ['up', 'down', 'ignore', 'ignore-file', 'backfill'] as const

function directionOf({ text, line }: Comment, file: string): GivenValue['direction'] | undefined {
  const [, word] = /^lockkeeper-([\w-]+)/.exec(text) ?? []
  if (word === undefined) return undefined
  if (word === 'up' || word === 'down') return word
  const meant = words.some((known) => known === word) ? undefined : nearest(word, words)
  if (meant !== 'up' && meant !== 'down') return undefined
  throw invalid({ file, line }, `there is no comment lockkeeper-${word}`, `Did you mean -- lockkeeper-${meant} COLUMN: EXPRESSION?`)
}

const form = /^\s+((?:"(?:[^"]|"")+"|[^\s:".]+)(?:\.(?:"(?:[^"]|"")+"|[^\s:".]+))*)\s*:\s*(\S[^]*)$/

function valueOf({ comment, direction, lines }: Started, file: string): GivenValue {
  const { line, above } = comment
  const [, name, sql] = form.exec(lines.join('\n')) ?? []
  if (name === undefined || sql === undefined)
    throw invalid(
      { file, line },
      `the comment lockkeeper-${direction} does not name a column and an expression`,
      `Write -- lockkeeper-${direction} COLUMN: EXPRESSION`,
    )
  if (above.length === 0)
    throw invalid({ file, line }, `the ${direction} of ${name} stands above no statement`, 'Move it above the statement that it is about.')
  return { direction, name, sql: sql.trimEnd(), file, line, above }
}

function invalid({ file, line }: Pick<GivenValue, 'file' | 'line'>, what: string, hint: string): LockkeeperError {
  return new LockkeeperError('up-down-invalid', `${file}, line ${line}: ${what}.`, { hint, details: { file, line } })
}
