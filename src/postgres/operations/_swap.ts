import type { Catalog, Constraint, Index } from '../../model/catalog.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { ownedSequences } from '../facts/relations.ts'
import { postgresDialect } from '../quote.ts'
import type { ConstraintCopy } from './_constraint-copies.ts'
import type { IndexCopy } from './_copies.ts'
import { allTraits, traitOf, traitsOf, type TypeChanging } from './_type-change.ts'

const { name: quoted, literal } = postgresDialect

/** All that stands ready beside the column. */
export interface Swap {
  readonly change: TypeChanging
  readonly indexes: readonly IndexCopy[]
  readonly constraints: readonly ConstraintCopy[]
  /** NOT NULL of the second column and of the first, where they are constraints with a name (18). */
  readonly notNull?: { readonly from: string; readonly to: string }
  /** Of the sync triggers, in order; the functions can only go behind them. */
  readonly triggers: readonly string[]
  readonly functions: readonly string[]
  /** The user's own statements around the change, such as DROP VIEW and CREATE VIEW. */
  readonly first: readonly string[]
  readonly last: readonly string[]
}

/** The statements of one short transaction: nothing in it reads a row. */
export function swapSql(swap: Swap): readonly string[] {
  const { change, constraints } = swap
  const { table, column, shadow } = change
  const inbound = constraints.filter((copy) => copy.inbound)
  return [
    ...swap.triggers,
    ...swap.first,
    guardSql(swap),
    ...inbound.map((copy) => `ALTER TABLE ${copy.table} DROP CONSTRAINT ${quoted(copy.constraint.name)}`),
    ...sequenceSql(change),
    `ALTER TABLE ${table} DROP COLUMN ${quoted(column.name)}`,
    `ALTER TABLE ${table} RENAME COLUMN ${quoted(shadow)} TO ${quoted(column.name)}`,
    ...(column.default === undefined ? [] : [`ALTER TABLE ${table} ALTER COLUMN ${quoted(column.name)} SET DEFAULT ${column.default}`]),
    ...identityNameSql(change),
    ...namesSql(swap),
    ...traitsSql(swap),
    ...statisticsSql(change),
    ...swap.last,
    ...swap.functions,
  ]
}

function identityOf({ judged: { before }, table, column }: TypeChanging) {
  if (column.identity === undefined) return undefined
  const key = ownedSequences(table, before, column.name)[0]
  const relation = before.relations.get(key ?? '')
  if (key === undefined || relation === undefined) return undefined
  return { key, relation, helper: makeObjectName(`_lk_${relation.name}`, undefined, 'new') }
}

/** serial: the sequence goes over to the second column. Identity: its sequence cannot, so the second column gets one that goes on where it is. */
function sequenceSql(change: TypeChanging): readonly string[] {
  const { judged, table, relation, column, wanted, shadow } = change
  const identity = identityOf(change)
  if (identity === undefined)
    return ownedSequences(table, judged.before, column.name).flatMap((key) => [
      `ALTER SEQUENCE ${key} OWNED BY ${table}.${quoted(shadow)}`,
      ...(endsTooEarly(judged.before, key, wanted.type) ? [`ALTER SEQUENCE ${key} AS ${wanted.type}`] : []),
    ])
  const helper = quoted(relation.schema, identity.helper)
  const how = column.identity === 'always' ? 'ALWAYS' : 'BY DEFAULT'
  const options = [`SEQUENCE NAME ${helper}`, ...sequenceOptions(judged.before, identity.key)]
  return [
    `ALTER TABLE ${table} ALTER COLUMN ${quoted(shadow)} ADD GENERATED ${how} AS IDENTITY (${options.join(' ')})`,
    `SELECT pg_catalog.setval(${literal(helper)}::pg_catalog.regclass, last_value, is_called) FROM ${identity.key}`,
  ]
}

function identityNameSql(change: TypeChanging): readonly string[] {
  const identity = identityOf(change)
  if (identity === undefined) return []
  const { before } = change.judged
  const { key, relation, helper } = identity
  const of = { of: 'sequence', name: relation.name } as const
  const comment = traitOf(before, relation, { ...of, what: 'comment' })
  return [
    `ALTER SEQUENCE ${quoted(relation.schema, helper)} RENAME TO ${quoted(relation.name)}`,
    ...traitsOf(before, relation, { ...of, what: 'grant' }).map((right) => `GRANT ${right.replace(' TO ', ` ON SEQUENCE ${key} TO `)}`),
    ...(comment === undefined ? [] : [`COMMENT ON SEQUENCE ${key} IS ${literal(comment)}`]),
  ]
}

const largest: { readonly [type: string]: string } = { smallint: '32767', integer: '2147483647', bigint: '9223372036854775807' }

/** A serial of integers ends at 2147483647, whatever its column holds. One that may be beyond a smaller end is left alone, as the server does. */
function endsTooEarly(catalog: Catalog, key: string, type: string): boolean {
  const relation = catalog.relations.get(key)
  const was = traitOf(catalog, relation, { of: 'sequence', name: relation?.name ?? '', what: 'type' })
  return was !== undefined && BigInt(largest[was] ?? 0) < BigInt(largest[type] ?? 0)
}

/** The bounds that come with the type are left to the new type, as ALTER SEQUENCE AS does it. */
function sequenceOptions(catalog: Catalog, key: string): readonly string[] {
  const relation = catalog.relations.get(key)
  const get = (what: 'type' | 'start' | 'increment' | 'min' | 'max' | 'cache' | 'cycle') =>
    traitOf(catalog, relation, { of: 'sequence', name: relation?.name ?? '', what })
  const [type = '', start, increment, cache] = [get('type'), get('start'), get('increment'), get('cache')]
  const [min, max] = [get('min'), get('max')]
  const lowest = largest[type] === undefined ? '' : `-${BigInt(largest[type]) + 1n}`
  return [
    ...(increment === undefined ? [] : [`INCREMENT BY ${increment}`]),
    ...(min === undefined || min === lowest ? [] : [`MINVALUE ${min}`]),
    ...(max === undefined || max === largest[type] ? [] : [`MAXVALUE ${max}`]),
    ...(start === undefined ? [] : [`START WITH ${start}`]),
    ...(cache === undefined ? [] : [`CACHE ${cache}`]),
    ...(get('cycle') === undefined ? [] : ['CYCLE']),
  ]
}

/** Indexes, keys and constraints under the names of those that went with the column. */
function namesSql({ change, indexes, constraints, notNull }: Swap): readonly string[] {
  const { table, relation } = change
  const rename = (from: string, to: string, of = table) => `ALTER TABLE ${of} RENAME CONSTRAINT ${quoted(from)} TO ${quoted(to)}`
  return [
    ...indexes.map(({ index, name }) => {
      const key = relation.constraints.find((constraint) => constraint.name === index.constraint)
      return key === undefined
        ? `ALTER INDEX ${quoted(relation.schema, name)} RENAME TO ${quoted(index.name)}`
        : `ALTER TABLE ${table} ADD CONSTRAINT ${quoted(key.name)} ${key.kind === 'primary-key' ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${quoted(name)}`
    }),
    ...constraints.map((copy) => rename(copy.name, copy.constraint.name, copy.table)),
    ...(notNull === undefined || notNull.from === notNull.to ? [] : [rename(notNull.from, notNull.to)]),
  ]
}

/** Comments, rights, targets and marks, each on what has the name again. */
function traitsSql(swap: Swap): readonly string[] {
  const { change, constraints } = swap
  return [
    ...columnSql(change),
    ...swap.indexes.flatMap(({ index }) => indexTraits(change, index)),
    ...[...constraints, ...keysOf(swap)].flatMap(({ table, relation, constraint }) => {
      const comment = traitOf(change.judged.before, relation, { of: 'constraint', name: constraint.name, what: 'comment' })
      return comment === undefined ? [] : [`COMMENT ON CONSTRAINT ${quoted(constraint.name)} ON ${table} IS ${literal(comment)}`]
    }),
  ]
}

function keysOf({ change: { table, relation, column } }: Swap) {
  const kinds: readonly Constraint['kind'][] = ['primary-key', 'unique', 'not-null']
  const found = relation.constraints.filter(({ kind, columns }) => kinds.includes(kind) && columns.includes(column.name))
  return found.map((constraint) => ({ table, relation, constraint }))
}

function columnSql({ judged: { before }, table, relation, column }: TypeChanging): readonly string[] {
  const name = quoted(column.name)
  const of = { of: 'column', name: column.name } as const
  const comment = traitOf(before, relation, { ...of, what: 'comment' })
  return [
    ...(comment === undefined ? [] : [`COMMENT ON COLUMN ${table}.${name} IS ${literal(comment)}`]),
    ...traitsOf(before, relation, { ...of, what: 'grant' }).map((right) => `GRANT ${right.replace(' TO ', ` (${name}) ON ${table} TO `)}`),
  ]
}

function indexTraits({ judged: { before }, table, relation }: TypeChanging, index: Index): readonly string[] {
  const of = { of: 'index', name: index.name } as const
  const comment = traitOf(before, relation, { ...of, what: 'comment' })
  const isClustered = traitOf(before, relation, { ...of, what: 'clustered' }) !== undefined
  return [
    ...(comment === undefined ? [] : [`COMMENT ON INDEX ${quoted(relation.schema, index.name)} IS ${literal(comment)}`]),
    ...(isClustered ? [`ALTER TABLE ${table} CLUSTER ON ${quoted(index.name)}`] : []),
    ...(index.identifiesRows === true ? [`ALTER TABLE ${table} REPLICA IDENTITY USING INDEX ${quoted(index.name)}`] : []),
  ]
}

/** Names of the statistics objects that read the column, which fall with it. */
export function statisticsOf({ judged: { before }, relation, column }: TypeChanging): readonly string[] {
  const traits = allTraits(before, relation)
  return traits.filter(({ of, what, text }) => of === 'statistics' && what === 'mentions' && text === column.name).map(({ name }) => name)
}

function statisticsSql(change: TypeChanging): readonly string[] {
  const { judged, relation } = change
  return statisticsOf(change).flatMap((name) => {
    const get = (what: 'definition' | 'comment' | 'target' | 'owner') => traitOf(judged.before, relation, { of: 'statistics', name, what })
    const [definition, comment, target, owner] = [get('definition'), get('comment'), get('target'), get('owner')]
    return [
      ...(definition === undefined ? [] : [definition]),
      ...(target === undefined ? [] : [`ALTER STATISTICS ${name} SET STATISTICS ${target}`]),
      ...(owner === undefined ? [] : [`ALTER STATISTICS ${name} OWNER TO ${owner}`]),
      ...(comment === undefined ? [] : [`COMMENT ON STATISTICS ${name} IS ${literal(comment)}`]),
    ]
  })
}

/** What falls with the column without a word, as the catalog calls it: it must be what there is a copy of. And what would not let it go. */
function guardSql({ change, indexes, constraints }: Swap): string {
  const { judged, table, relation, column } = change
  const keys = relation.constraints.filter(
    ({ kind, columns }) => kind !== 'check' && kind !== 'foreign-key' && columns.includes(column.name),
  )
  const expected = [
    ...indexes.filter(({ index }) => index.constraint === undefined).map(({ index }) => index.name),
    ...constraints.map(({ constraint }) => constraint.name),
    ...keys.map(({ name }) => name),
    ...statisticsOf(change).map((name) => name.split('.').at(-1) ?? name),
    ...allTraits(judged.before, relation)
      .filter(({ of, name, what }) => of === 'column' && name === column.name && (what === 'comment' || what === 'grant'))
      .map(({ what, text }) => `${what} ${text}`),
  ]
  return dollarQuoted(guardText(table, column.name, expected))
}

function guardText(table: string, column: string, expected: readonly string[]): string {
  const [self, named] = [`${literal(table)}::pg_catalog.regclass`, literal(column)]
  return `DECLARE
  _lk_changed text;
BEGIN
  SELECT pg_catalog.string_agg(coalesce('new: ' || found.what, 'gone: ' || planned.what), ', ') INTO _lk_changed
  FROM (
    SELECT coalesce(i.relname, k.conname, quote_ident(s.stxname))::text
    FROM pg_catalog.pg_depend d
      LEFT JOIN pg_catalog.pg_class i ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.oid = d.objid AND i.relkind IN ('i', 'I')
      LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid
      LEFT JOIN pg_catalog.pg_statistic_ext s ON d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND s.oid = d.objid
    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ${self}
      AND d.refobjsubid = (SELECT attnum FROM pg_catalog.pg_attribute WHERE attrelid = ${self} AND attname = ${named})
      AND coalesce(i.oid, k.oid, s.oid) IS NOT NULL
    UNION SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
    FROM pg_catalog.pg_depend d
      LEFT JOIN pg_catalog.pg_trigger g ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND g.oid = d.objid AND NOT g.tgisinternal
      LEFT JOIN pg_catalog.pg_attrdef f ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND f.oid = d.objid AND f.adnum <> d.refobjsubid
    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ${self}
      AND d.refobjsubid = (SELECT attnum FROM pg_catalog.pg_attribute WHERE attrelid = ${self} AND attname = ${named})
      AND (coalesce(g.oid, f.oid) IS NOT NULL OR (d.classid = d.refclassid AND d.objid = d.refobjid AND d.objsubid <> 0) OR d.classid = ANY (ARRAY['pg_catalog.pg_rewrite', 'pg_catalog.pg_policy', 'pg_catalog.pg_proc', 'pg_catalog.pg_publication_rel']::pg_catalog.regclass[]))
    UNION SELECT 'comment ' || pg_catalog.col_description(a.attrelid, a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${self} AND a.attname = ${named} AND pg_catalog.col_description(a.attrelid, a.attnum) IS NOT NULL
    UNION SELECT pg_catalog.format('grant %s TO %s%s', x.privilege_type, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END, CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid, pg_catalog.aclexplode(a.attacl) x WHERE a.attrelid = ${self} AND a.attname = ${named} AND x.grantee <> c.relowner
  ) AS found (what) FULL JOIN pg_catalog.unnest(ARRAY[${expected.map((name) => literal(name)).join(', ')}]::text[]) AS planned (what) ON planned.what = found.what
  WHERE found.what IS NULL OR planned.what IS NULL;
  IF _lk_changed IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = ${literal(`${table} is not as it was planned: `)} || _lk_changed,
      HINT = 'Nothing was changed. Take back what is new, or run lockkeeper abort and plan anew.';
  END IF;
END`
}

/** A DO block, with a delimiter that does not stand in its body. */
export function dollarQuoted(body: string): string {
  let mark = '$lk$'
  for (let n = 1; body.includes(mark); n += 1) mark = `$lk${n}$`
  return `DO ${mark}\n${body}\n${mark}`
}
