import type { Catalog } from '../model/catalog.ts'
import type { Facts, TableLock } from '../model/facts.ts'
import type { Session } from '../model/session.ts'
import type { Statement } from '../model/statement.ts'
import { facts } from './facts.ts'
import { strongest } from './facts/effect.ts'
import { lockModeOf, refreshLock, tableLock } from './lock-modes.ts'
import type { PgNode } from './node.ts'

/**
 * Runs the statement on a sandbox and reports what the server did: its own rows of pg_locks, new relfilenodes, tables scanned.
 * It runs in the session's open transaction, or by itself where none is open; what cannot run in a transaction is run on its own
 * and its facts are the predicted ones. `before` is the catalog that it finds; without it the sandbox is asked. Throws what the server says.
 */
export async function observe(statement: Statement<PgNode>, sandbox: Session, before?: Catalog): Promise<Facts> {
  const predicted = facts(statement, before ?? (await sandbox.readCatalog()))
  if (predicted.transaction === 'forbidden' || statement.kind === 'TransactionStmt') {
    await sandbox.query(statement.sql, statement.parameters)
    return predicted
  }
  const [was, is] = await around(statement, sandbox)
  return observed(statement.kind, predicted, compare(was, is))
}

/** One message where there are no parameters: outside a transaction the server makes one of it. */
async function around(statement: Statement<PgNode>, sandbox: Session): Promise<readonly [Snapshot, Snapshot]> {
  if (statement.parameters.length === 0) {
    const results = await sandbox.script([snapshotSql, statement.sql, snapshotSql])
    return [snapshotOf(results[0]?.rows), snapshotOf(results.at(-1)?.rows)]
  }
  const [open] = await sandbox.query('SELECT statement_timestamp() <> transaction_timestamp() AS open')
  return open?.['open'] === true ? bracketed(statement, sandbox) : inOwnTransaction(statement, sandbox)
}

async function bracketed(statement: Statement<PgNode>, sandbox: Session): Promise<readonly [Snapshot, Snapshot]> {
  const was = await sandbox.query(snapshotSql)
  await sandbox.query(statement.sql, statement.parameters)
  return [snapshotOf(was), snapshotOf(await sandbox.query(snapshotSql))]
}

async function inOwnTransaction(statement: Statement<PgNode>, sandbox: Session): Promise<readonly [Snapshot, Snapshot]> {
  await sandbox.query('BEGIN')
  try {
    const snapshots = await bracketed(statement, sandbox)
    await sandbox.query('COMMIT')
    return snapshots
  } catch (error) {
    await sandbox.query('ROLLBACK')
    throw error
  }
}

// Names are taken before the statement, which may rename or drop. Counters of scans are those of the transaction, so only their growth counts.
const snapshotSql = `
  SELECT
    (SELECT json_agg(json_build_array(c.oid::int8, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind, c.relfilenode::int8,
        coalesce(i.indrelid, 0)::int8, CASE WHEN c.relkind IN ('r', 'm') THEN pg_stat_get_xact_numscans(c.oid) ELSE 0 END))
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'lockkeeper')) AS relations,
    (SELECT json_agg(json_build_array(relation::int8, mode)) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted) AS locks,
    (SELECT json_agg(json_build_array(conrelid::int8, confrelid::int8)) FROM pg_constraint WHERE contype = 'f' AND convalidated AND conparentid = 0) AS keys,
    (SELECT json_agg(json_build_array(inhparent::int8, inhrelid::int8)) FROM pg_inherits) AS children`

interface Snapshot {
  readonly relations: ReadonlyMap<number, Found>
  /** `oid mode` */
  readonly locks: ReadonlySet<string>
  /** Valid foreign keys as `child parent`. */
  readonly keys: ReadonlySet<string>
  /** Partitions and children by inheritance, and those of indexes: `parent child`. */
  readonly children: ReadonlySet<string>
}

interface Found {
  readonly name: string
  readonly kind: string
  readonly file: number
  /** The table of an index; 0 for any other relation. */
  readonly table: number
  readonly scans: number
}

function snapshotOf(rows: readonly { readonly [column: string]: unknown }[] | undefined): Snapshot {
  const list = (name: string) => (rows?.[0]?.[name] ?? []) as readonly (readonly [number, ...unknown[]])[]
  const relations = list('relations').map(([oid, name, kind, file, table, scans]): [number, Found] => [
    oid,
    { name: String(name), kind: String(kind), file: Number(file), table: Number(table), scans: Number(scans) },
  ])
  const pairs = (name: string) => new Set(list(name).map(([one, other]) => `${one} ${String(other)}`))
  return { relations: new Map(relations), locks: pairs('locks'), keys: pairs('keys'), children: pairs('children') }
}

interface Seen {
  readonly locks: readonly TableLock[]
  /** Modes that the transaction held already: pg_locks cannot tell whether the statement took them again. */
  readonly held: ReadonlySet<string>
  readonly scans: readonly string[]
  readonly rewrites: readonly string[]
  readonly builds: readonly string[]
  readonly gone: readonly string[]
  readonly made: readonly string[]
}

function compare(was: Snapshot, is: Snapshot): Seen {
  const scanned = tablesWhere(was, (oid, before) => (is.relations.get(oid)?.scans ?? 0) > before.scans)
  return {
    locks: [...is.locks].filter((lock) => !was.locks.has(lock)).flatMap((lock) => lockOf(lock, was)),
    held: new Set([...was.locks].flatMap((lock) => lockOf(lock, was).map(({ relation, mode }) => `${relation} ${mode}`))),
    scans: namesOf(
      [...scanned, ...checkedParents(scanned, was, is)].filter((oid) => hasHeap(was.relations.get(oid))),
      was,
    ),
    rewrites: namesOf(
      tablesWhere(was, (oid, before) => is.relations.has(oid) && is.relations.get(oid)?.file !== before.file),
      was,
    ),
    builds: namesOf(tablesWithNewIndex(was, is), was),
    gone: differing(was, is),
    made: differing(is, was),
  }
}

function lockOf(lock: string, { relations }: Snapshot): readonly TableLock[] {
  const [oid, name] = lock.split(' ')
  const relation = relations.get(Number(oid))
  const mode = lockModeOf(name ?? '')
  if (relation === undefined || relation.kind === 'i' || mode === undefined) return []
  return [relation.kind === 'm' && mode === 'EXCLUSIVE' ? refreshLock(relation.name) : tableLock(relation.name, mode)]
}

const hasHeap = (found: Found | undefined) => found?.kind === 'r' || found?.kind === 'm'

function tablesWhere({ relations }: Snapshot, holds: (oid: number, before: Found) => boolean): readonly number[] {
  return [...relations].filter(([oid, before]) => hasHeap(before) && holds(oid, before)).map(([oid]) => oid)
}

// The server may find an empty child and never open the parent: a foreign key that is valid now, and whose child was read, was checked.
function checkedParents(scanned: readonly number[], was: Snapshot, is: Snapshot): readonly number[] {
  const fresh = [...is.keys].filter((key) => !was.keys.has(key)).map((key) => key.split(' ').map(Number))
  return fresh.flatMap(([child, parent]) =>
    child !== undefined && parent !== undefined && scanned.includes(child) ? [parent, ...below(parent, was)] : [],
  )
}

function below(parent: number, was: Snapshot): readonly number[] {
  const found = new Set([parent])
  const pairs = [...was.children].map((pair) => pair.split(' ').map(Number))
  for (const oid of found) for (const [above, child] of pairs) if (above === oid && child !== undefined) found.add(child)
  return [...found]
}

/** An index that keeps its file was not built, though the server may have made a new one of it (a change of type). */
function tablesWithNewIndex(was: Snapshot, is: Snapshot): readonly number[] {
  const files = new Set([...was.relations.values()].filter(({ kind }) => kind === 'i').map(({ file }) => file))
  return [...is.relations.values()].filter(({ kind, file }) => kind === 'i' && !files.has(file)).map(({ table }) => table)
}

function namesOf(oids: readonly number[], { relations }: Snapshot): readonly string[] {
  return [...new Set(oids.flatMap((oid) => relations.get(oid)?.name ?? []))].toSorted()
}

const words: { readonly [kind: string]: string } = { r: 'table', p: 'table', f: 'table', v: 'view', m: 'view', S: 'sequence', i: 'index' }

function differing(one: Snapshot, other: Snapshot): readonly string[] {
  const said = (found: Found) => `${words[found.kind] ?? found.kind} ${found.name}`
  // A change of type makes an index of the same name anew.
  const there = new Set([...other.relations.values()].map(said))
  return [...one.relations].filter(([oid, found]) => !other.relations.has(oid) && !there.has(said(found))).map(([, found]) => said(found))
}

/** What was seen, with what cannot be seen from the prediction: locks that were held before, what an empty table hides, columns. */
function observed(kind: string, predicted: Facts, seen: Seen): Facts {
  const again = predicted.locks.filter(({ relation, mode }) => seen.held.has(`${relation} ${mode}`))
  const isQuery = queries.has(kind)
  // New and empty files are no rewrite.
  const empties = kind === 'TruncateStmt'
  const { condition: _, ...certain } = predicted
  return {
    ...certain,
    evidence: 'observed',
    locks: strongest([...seen.locks, ...again]),
    // How a query reads its tables is the planner's choice, and differs on empty ones.
    scans: isQuery || empties ? predicted.scans : [...new Set([...seen.scans, ...seen.rewrites, ...seen.builds])].toSorted(),
    rewrites: empties ? [] : seen.rewrites,
    builds: empties ? [] : seen.builds,
    destroys: [...new Set([...predicted.destroys, ...(opaque.has(kind) ? seen.gone : [])])],
    creates: [...new Set([...predicted.creates, ...(opaque.has(kind) ? seen.made : [])])],
  }
}

const queries: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'CreateTableAsStmt',
  'RefreshMatViewStmt',
])

/** Statements whose text does not say what they make or drop. */
const opaque: ReadonlySet<string> = new Set([
  'DoStmt',
  'CallStmt',
  'SelectStmt',
  'CreateSchemaStmt',
  'CreateExtensionStmt',
  'DropOwnedStmt',
])
