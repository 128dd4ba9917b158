import { createHash } from 'node:crypto'
import type { RewriteOptions } from '../../model/rewrite.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { inStepSetting } from '../in-step.ts'
import { postgresDialect } from '../quote.ts'
import { dollarQuoted } from './_swap.ts'
import { changed, columnsOf, functionSql, type Sync, type SyncTable } from './_sync-body.ts'

const { name: quoted, literal } = postgresDialect

export interface SyncTriggers {
  /** Function, counter and triggers, for the transaction that adds the columns. */
  readonly create: readonly string[]
  /** The triggers first: a function that names a column which is gone fails each write. */
  readonly drop: readonly string[]
  /** Canonical name of the sequence that moves at each write of the old side. */
  readonly counter: string
}

/**
 * Two BEFORE ROW triggers that keep the columns in step, and their function. Which side was written tells the direction: on INSERT the new one
 * where it has a value, on UPDATE the new one where it changed, else the old one. They sort behind all others, so that they see what those made
 * of the row; they call the function only where a column that matters changed, by its bytes. What they need stands in our schema, where the caller
 * needs no right of his own but USAGE. CREATE TRIGGER takes SHARE ROW EXCLUSIVE, DROP TRIGGER ACCESS EXCLUSIVE (docs/lock-matrix.jsonl).
 */
export function syncTriggers(place: SyncTable): SyncTriggers {
  const { table } = place
  const names = namesOf(place)
  const matters = concerned(place)
  const notOurs = `pg_catalog.current_setting('${inStepSetting}', true) IS DISTINCT FROM 'on'`
  return {
    counter: names.counter,
    create: [
      'GRANT USAGE ON SCHEMA lockkeeper TO PUBLIC',
      `CREATE SEQUENCE ${names.counter}`,
      `GRANT USAGE ON SEQUENCE ${names.counter} TO PUBLIC`,
      functionSql(names, place),
      ...insertTriggers(names, place),
      `CREATE TRIGGER ${names.update} BEFORE UPDATE ON ${table} FOR EACH ROW WHEN ((${matters}) AND ${notOurs}) EXECUTE FUNCTION ${names.function}()`,
    ],
    drop: [
      `DROP TRIGGER IF EXISTS ${names.insert} ON ${table}`,
      ...(place.oldNames === undefined ? [] : [`DROP TRIGGER IF EXISTS ${names.insertNew} ON ${table}`]),
      `DROP TRIGGER IF EXISTS ${names.update} ON ${table}`,
      `DROP FUNCTION IF EXISTS ${names.function}()`,
      `DROP SEQUENCE IF EXISTS ${names.counter}`,
    ],
  }
}

interface Names {
  readonly function: string
  readonly counter: string
  readonly insert: string
  readonly insertNew: string
  readonly update: string
}

/** The same whenever they are made again; of two tables or columns never the same. */
function namesOf({ table, relation, syncs, fills = [] }: SyncTable): Names {
  const columns = [...syncs.flatMap((sync) => [...sync.old, ...sync.new]), ...fills].map(({ column }) => column)
  const mark = createHash('sha256')
    .update(JSON.stringify([table, columns]))
    .digest('hex')
    .slice(0, 6)
  const named = (what: string) => makeObjectName(relation.name, columns.join('_'), `${what}_${mark}`)
  return {
    function: quoted('lockkeeper', named('sync')),
    counter: quoted('lockkeeper', named('old_writes')),
    insert: quoted(`~lk_insert_${mark}`),
    insertNew: quoted(`~lk_insert_new_${mark}`),
    update: quoted(`~lk_update_${mark}`),
  }
}

/** The names by which the old version finds a table; undefined where the versions share its own. */
export function oldNames(table: string, { versions }: RewriteOptions): readonly string[] | undefined {
  return versions === undefined ? undefined : [table, ...(versions.views.get(table) ?? [])]
}

/**
 * An INSERT that leaves all new columns out tells nothing of its own accord. WHEN is asked in the search_path of the session, whatever the function
 * sets, and costs each row: so it is one lookup against numbers that the server puts in. The second trigger takes what the first one left unmarked.
 */
function insertTriggers(names: Names, { table, relation, oldNames: old, marker }: SyncTable): readonly string[] {
  const trigger = (name: string, when: string, argument: string) =>
    `CREATE TRIGGER ${name} BEFORE INSERT ON ${table} FOR EACH ROW ${when}EXECUTE FUNCTION ${names.function}(${argument})`
  if (old === undefined) return [trigger(names.insert, '', '')]
  const isNew = `coalesce(pg_catalog.to_regclass(${literal(quoted(relation.name))})::pg_catalog.oid <> ALL ('{%s}'::pg_catalog.oid[]), false)`
  const rest = marker === undefined ? isNew : `NEW.${quoted(marker)} IS NULL`
  const numbers = old.map((name) => `pg_catalog.to_regclass(${literal(name)})::pg_catalog.oid`).join(', ')
  const put = (sql: string) => `EXECUTE pg_catalog.replace(${literal(sql)}, '{%s}', '{' || _lk_numbers || '}');`
  return [
    dollarQuoted(`DECLARE
  _lk_numbers text := pg_catalog.array_to_string(ARRAY[${numbers}], ',');
BEGIN
  ${put(trigger(names.insert, `WHEN (NOT ${isNew}) `, ''))}
  ${put(trigger(names.insertNew, `WHEN (${rest}) `, `'new'`))}
END`),
  ]
}

/** Whether an UPDATE is of interest: a column that is kept in step or read changed, or one lacks what it must have. */
function concerned({ relation, syncs, fills = [] }: SyncTable): string {
  const inserted = fills.flatMap(({ column, when }) => (when === 'inserts' ? [column] : []))
  const watched = [...new Set([...syncs.flatMap(watchedBy), ...inserted])]
  const lacking = fills.flatMap(({ column, when }) => (when === 'writes' ? [`NEW.${quoted(column)} IS NULL`] : []))
  return [...(watched.length === 0 ? [] : [changed(watched, relation)]), ...lacking].join(' OR ')
}

/** The columns of both sides, and what else their values read. */
function watchedBy({ old, new: fresh }: Sync): readonly string[] {
  return [...old, ...fresh].flatMap(({ column, value }) => [column, ...(value === undefined ? [] : columnsOf(value))])
}
