import { LockkeeperError } from '../model/errors.ts'
import type { Statement } from '../model/statement.ts'
import { sameTree, type AlterTableStmt, type PgNode } from './node.ts'
import { parse, scan, type Token } from './parse.ts'
import { passOf } from './pass.ts'

/**
 * An ALTER TABLE of several actions as one statement an action, made of the user's own bytes, in the order in which the server takes
 * them; each says where its action stands. Every part is parsed again and its tree compared with the original's: where one differs,
 * and for any other statement, it stays whole.
 */
export function split(statement: Statement<PgNode>): readonly Statement<PgNode>[] {
  const { node } = statement
  if (!('AlterTableStmt' in node) || !isTable(node.AlterTableStmt) || (node.AlterTableStmt.cmds?.length ?? 0) < 2) return [statement]
  const parts = partsOf(statement.sql)
  const made = parts?.actions.map((action) => oneAction(statement, parts.prefix, action))
  return made !== undefined && isWhole(made, node) ? inPasses(made) : [statement]
}

function inPasses(actions: readonly Statement<PgNode>[]): readonly Statement<PgNode>[] {
  return actions.toSorted((a, b) => passOfAction(a) - passOfAction(b))
}

function passOfAction({ node }: Statement<PgNode>): number {
  const [command] = 'AlterTableStmt' in node ? (node.AlterTableStmt.cmds ?? []) : []
  return command !== undefined && 'AlterTableCmd' in command ? passOf(command.AlterTableCmd) : 0
}

function isTable({ objtype }: AlterTableStmt): boolean {
  return objtype === 'OBJECT_TABLE' || objtype === 'OBJECT_FOREIGN_TABLE'
}

interface Parts {
  /** `ALTER TABLE [IF EXISTS] [ONLY] name [*]` */
  readonly prefix: string
  readonly actions: readonly Action[]
}

interface Action {
  readonly text: string
  /** All that stands before it in the statement. */
  readonly before: string
}

function partsOf(sql: string): Parts | undefined {
  const tokens = scan(sql).filter((token) => !token.kind.endsWith('_COMMENT'))
  const from = prefixLength(tokens)
  const last = tokens[from - 1]
  if (last === undefined) return undefined
  const bytes = Buffer.from(sql, 'utf8')
  const actions = groupsOf(tokens.slice(from)).map(([start, end]) => ({
    text: bytes.toString('utf8', start, end),
    before: bytes.toString('utf8', 0, start),
  }))
  return { prefix: bytes.toString('utf8', 0, last.end), actions }
}

function prefixLength(tokens: readonly Token[]): number {
  const is = (at: number, ...words: readonly string[]) => words.includes(tokens[at]?.text.toLowerCase() ?? '')
  let at = is(1, 'foreign') ? 3 : 2
  if (is(at, 'if')) at += 2
  if (is(at, 'only')) at += 1
  if (is(at, '(')) at += 1
  at += 1
  while (is(at, '.')) at += 2
  while (is(at, ')', '*')) at += 1
  return at
}

/** First and last byte of each run of tokens between commas that stand in no parentheses or brackets. */
function groupsOf(tokens: readonly Token[]): readonly (readonly [number, number])[] {
  const groups: [number, number][] = []
  let depth = 0
  let open = false
  for (const { text, start, end } of tokens) {
    if (text === '(' || text === '[') depth += 1
    if (text === ')' || text === ']') depth -= 1
    const last = groups.at(-1)
    if (text === ',' && depth === 0) open = false
    else if (open && last !== undefined) last[1] = end
    else open = groups.push([start, end]) > 0
  }
  return groups
}

function oneAction(whole: Statement<PgNode>, prefix: string, { text, before }: Action): Statement<PgNode> | undefined {
  const sql = `${prefix} ${text}`
  const [parsed, ...more] = parseOrNone(sql)
  if (parsed === undefined || more.length > 0) return undefined
  const lines = before.split('\n')
  const inLine = [...(lines.at(-1) ?? '')].length
  const start = whole.start + Buffer.byteLength(before)
  const line = whole.line + lines.length - 1
  return {
    ...parsed,
    parameters: whole.parameters,
    start,
    line,
    column: lines.length > 1 ? inLine + 1 : whole.column + inLine,
    ...(whole.atContract === true && { atContract: true }),
  }
}

// A cut in the wrong place gives text that is no statement: the original then stays whole.
function parseOrNone(sql: string): readonly Statement<PgNode>[] {
  try {
    return parse(Buffer.from(sql, 'utf8'))
  } catch (error) {
    if (error instanceof LockkeeperError && error.code === 'syntax') return []
    throw error
  }
}

function isWhole(made: readonly (Statement<PgNode> | undefined)[], node: PgNode): made is readonly Statement<PgNode>[] {
  if (!('AlterTableStmt' in node)) return false
  const { cmds = [], ...rest } = node.AlterTableStmt
  return made.length === cmds.length && cmds.every((cmd, at) => sameTree(made[at]?.node, { AlterTableStmt: { ...rest, cmds: [cmd] } }))
}
