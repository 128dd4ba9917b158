// What readCatalog asks the server: one query a kind of object, whatever the number of tables. All work on 13 to 18 for a role
// without rights on the tables. None waits for a lock: to measure a table, and to print an index or an
// expression that mentions columns, the server locks it, so these are left out for tables that someone holds, or waits for,
// in ACCESS EXCLUSIVE.

export const lockedTables = `
  WITH locked AS MATERIALIZED (
    SELECT relation FROM pg_locks WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock'
      AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`

export const isLocked = (table: string) => `${table} IN (SELECT relation FROM locked)`

/** The session's own temporary schema is called pg_temp, whatever its number. */
const schemaName = (namespace: string) => `CASE WHEN ${namespace}.oid = pg_my_temp_schema() THEN 'pg_temp' ELSE ${namespace}.nspname END`

// $1: the schemas asked for, or NULL for all. Ours and the server's own are never among them.
export const isUsers = (namespace: string) => `
  ${namespace}.nspname NOT IN ('information_schema', 'lockkeeper')
  AND (${namespace}.nspname !~ '^pg_' OR ${namespace}.oid = pg_my_temp_schema())
  AND ($1::text[] IS NULL OR ${namespace}.nspname = ANY ($1::text[]))`

export interface SettingsRow {
  readonly number: string
  readonly version: number
  readonly zone: string
  readonly path: readonly string[]
}

export const settingsSql = `
  SELECT current_setting('server_version') AS number, current_setting('server_version_num')::int / 10000 AS version,
    current_setting('TimeZone') AS zone, current_schemas(false)::text[] AS path`

export interface RelationRow {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f' | 'S'
  readonly partition: boolean
  /** NULL where it is no partition. */
  readonly bound: string | null
  /** NULL where it is not partitioned; its columns as in PartitionBy, in order. */
  readonly strategy: 'r' | 'l' | 'h' | null
  readonly keyColumns: readonly (string | null)[] | null
  readonly ownStorage: boolean
  /** attnums, 0 for an expression; NULL where it is not partitioned. */
  readonly partitionKey: readonly number[] | null
  readonly published: boolean
  readonly unlogged: boolean
  readonly owner: string
  /** NULL where nobody but the owner has rights. */
  readonly grants: readonly { readonly to: string; readonly privilege: string; readonly grantable: boolean }[] | null
  readonly secured: boolean
  readonly forced: boolean
  /** default, full, nothing, index */
  readonly identity: 'd' | 'f' | 'n' | 'i'
  readonly rows: number
  readonly pages: number
  readonly bytes: number | null
  /** ISO 8601 in UTC */
  readonly analyzed: string | null
}

// The size of a locked table is what the last VACUUM or ANALYZE saw.
export const relationsSql = `${lockedTables}
  SELECT c.oid, ${schemaName('n')} AS schema, c.relname AS name, c.relkind AS kind, c.relispartition AS partition, pg_get_expr(c.relpartbound, 0) AS bound,
    c.relkind = 'p' AND (c.reltablespace <> 0 OR c.relam <> 0) AS "ownStorage",
    (SELECT p.partstrat::text FROM pg_partitioned_table p WHERE p.partrelid = c.oid) AS strategy,
    (SELECT ARRAY(SELECT CASE WHEN o.opcdefault AND k.coll = a.attcollation THEN a.attname::text END
      FROM unnest(p.partattrs::int2[], p.partclass::oid[], p.partcollation::oid[]) WITH ORDINALITY AS k (num, class, coll, at)
      LEFT JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.num LEFT JOIN pg_opclass o ON o.oid = k.class ORDER BY k.at)
      FROM pg_partitioned_table p WHERE p.partrelid = c.oid) AS "keyColumns",
    (SELECT partattrs::int2[]::int4[] FROM pg_partitioned_table WHERE partrelid = c.oid) AS "partitionKey",
    c.relpersistence = 'p' AND c.relkind IN ('r', 'p') AS published,
    c.relpersistence = 'u' AND c.relkind = 'r' AS unlogged, pg_get_userbyid(c.relowner) AS owner,
    (SELECT json_agg(json_build_object('to', CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
        'privilege', g.privilege_type, 'grantable', g.is_grantable) ORDER BY g.grantee, g.privilege_type)
      FROM aclexplode(c.relacl) g WHERE g.grantee <> c.relowner) AS grants,
    c.relrowsecurity AS secured, c.relforcerowsecurity AS forced, c.relreplident AS identity, c.reltuples::float8 AS rows,
    CASE WHEN c.relkind IN ('r', 'm', 'S') AND NOT ${isLocked('c.oid')}
      THEN (pg_relation_size(c.oid) / current_setting('block_size')::int)::float8 ELSE c.relpages::float8 END AS pages,
    CASE WHEN c.relkind NOT IN ('r', 'm') THEN NULL
      WHEN EXISTS (SELECT FROM locked WHERE relation = c.oid
        OR relation IN (SELECT indexrelid FROM pg_index WHERE indrelid = c.oid))
      THEN c.relpages::float8 * current_setting('block_size')::int ELSE pg_total_relation_size(c.oid)::float8 END AS bytes,
    to_char(greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid), pg_stat_get_last_analyze_time(c.oid),
      pg_stat_get_last_autoanalyze_time(c.oid)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS analyzed
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${isUsers('n')}`

export interface ColumnRow {
  readonly relation: number
  readonly position: number
  readonly name: string
  readonly type: string
  readonly typeSchema: string
  readonly typeName: string
  readonly nullable: boolean
  readonly default: string | null
  readonly generated: '' | 's' | 'v'
  readonly identity: '' | 'a' | 'd'
  readonly collationSchema: string | null
  readonly collationName: string | null
}

// A NOT NULL that is NOT VALID (18) already sets attnotnull, though rows may still hold NULL.
export const columnsSql = (version: number) => `${lockedTables}
  SELECT a.attrelid AS relation, a.attnum AS position, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
    ${schemaName('tn')} AS "typeSchema", coalesce(e.typname, t.typname) AS "typeName",
    NOT a.attnotnull ${version >= 18 ? `OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey[1] = a.attnum AND NOT k.convalidated)` : ''} AS nullable,
    CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, 0) WHEN ${isLocked('d.adrelid')} THEN '' ELSE pg_get_expr(d.adbin, d.adrelid) END AS default,
    a.attgenerated AS generated, a.attidentity AS identity,
    ${schemaName('ln')} AS "collationSchema", l.collname AS "collationName"
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
    JOIN pg_namespace tn ON tn.oid = coalesce(e.typnamespace, t.typnamespace)
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation AND a.attcollation <> t.typcollation
    LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${isUsers('n')}
  ORDER BY a.attrelid, a.attnum`

export interface ConstraintRow {
  readonly relation: number
  readonly name: string
  readonly kind: 'c' | 'n' | 'p' | 'u' | 'x' | 'f'
  readonly valid: boolean
  readonly definition: string
  /** Of a CHECK: it must outlive a change of type. */
  readonly comment: string | null
  /** attnums */
  readonly columns: readonly number[] | null
  readonly refSchema: string | null
  readonly refName: string | null
  readonly refColumns: readonly string[]
}

// A foreign key to a partitioned table has further rows of its own for each partition: those are the server's bookkeeping.
export const constraintsSql = `${lockedTables}
  SELECT k.conrelid AS relation, k.conname AS name, k.contype AS kind, k.convalidated AS valid, CASE WHEN k.contype IN ('c', 'x') AND ${isLocked('k.conrelid')} THEN '' ELSE pg_get_constraintdef(k.oid) END AS definition,
    CASE k.contype WHEN 'c' THEN obj_description(k.oid, 'pg_constraint') END AS comment, k.conkey::int4[] AS columns, ${schemaName('rn')} AS "refSchema", r.relname AS "refName",
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS f (num, at)
      JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = f.num ORDER BY f.at) AS "refColumns"
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_class r ON r.oid = k.confrelid LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
  WHERE k.contype IN ('c', 'n', 'p', 'u', 'x', 'f') AND ${isUsers('n')}
    AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)`

export interface IndexRow {
  readonly relation: number
  readonly oid: number
  readonly name: string
  readonly bytes: number
  readonly unique: boolean
  readonly valid: boolean
  readonly method: string
  /** attnums, 0 for an expression; INCLUDE columns last */
  readonly attributes: readonly number[]
  readonly keys: number
  /** attnums of columns in expressions and predicate */
  readonly others: readonly number[]
  readonly partial: boolean
  readonly definition: string
  readonly constraint: string | null
  readonly parent: string | null
  readonly identity: boolean
}

export const indexesSql = `${lockedTables}
  SELECT i.indrelid AS relation, i.indexrelid AS oid, x.relname AS name,
    CASE WHEN x.relkind = 'I' THEN 0 WHEN ${isLocked('i.indexrelid')} OR ${isLocked('i.indrelid')}
      THEN x.relpages::float8 * current_setting('block_size')::int ELSE pg_relation_size(i.indexrelid)::float8 END AS bytes,
    i.indisunique AS unique, i.indisvalid AS valid, i.indisreplident AS identity, m.amname AS method,
    i.indkey::int2[]::int4[] AS attributes, i.indnkeyatts AS keys, i.indpred IS NOT NULL AS partial, CASE WHEN ${isLocked('i.indrelid')} THEN '' ELSE pg_get_indexdef(i.indexrelid) END AS definition,
    ARRAY(SELECT d.refobjsubid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0 ORDER BY 1) AS others,
    (SELECT k.conname FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')) AS constraint,
    (SELECT above.relname FROM pg_inherits h JOIN pg_class above ON above.oid = h.inhparent WHERE h.inhrelid = i.indexrelid) AS parent
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
    JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${isUsers('n')}`

export interface PairRow {
  readonly one: number
  readonly other: number
}

export const inheritsSql = `SELECT inhparent AS one, inhrelid AS other FROM pg_inherits ORDER BY inhrelid, inhseqno`

/** Table or view, and the view that reads it. */
export const viewsSql = `
  SELECT DISTINCT d.refobjid AS one, w.ev_class AS other FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
  WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class`

export interface SequenceRow {
  readonly sequence: number
  readonly relation: number
  readonly column: string
}

/** Sequences of serial ('a') and identity ('i') columns. */
export const sequencesSql = `
  SELECT d.objid AS sequence, d.refobjid AS relation, a.attname AS column FROM pg_depend d
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')`

export interface OwnedRow {
  readonly relation: number
  readonly name: string
}

// Triggers of the server's own constraints are left out by the constraint, not by tgisinternal: 13 and 14 set that on clones in partitions.
export const triggersSql = `
  SELECT t.tgrelid AS relation, t.tgname AS name FROM pg_trigger t LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint
  WHERE t.tgconstraint = 0 OR k.contype = 't' ORDER BY 1, 2`

export interface PolicyRow {
  readonly relation: number
  readonly name: string
  readonly mentions: readonly string[]
}

export const policiesSql = `
  SELECT p.polrelid AS relation, p.polname AS name,
    ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = p.polrelid AND EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = p.polrelid AND d.refobjsubid = a.attnum AND d.refobjsubid > 0) ORDER BY a.attnum) AS mentions
  FROM pg_policy p ORDER BY 1, 2`

export interface PublicationRow {
  readonly insertsOnly: boolean
  readonly name: string
  readonly allTables: boolean
  readonly schemas: readonly string[]
  readonly tables: readonly number[]
}

/** Tables published by name, or by their schema (15). */
export const publicationsSql = (version: number) => `
  SELECT p.pubname AS name, p.puballtables AS "allTables", NOT p.pubupdate AND NOT p.pubdelete AS "insertsOnly",
    ${version < 15 ? `'{}'::text[]` : `ARRAY(SELECT n.nspname::text FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid)`} AS schemas,
    ARRAY(SELECT r.prrelid::int8::float8 FROM pg_publication_rel r WHERE r.prpubid = p.oid) AS tables
  FROM pg_publication p ORDER BY p.pubname`

export interface TypeRow {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'e' | 'd' | 'c' | 'r' | 'b'
  readonly labels: readonly string[]
  readonly base: string | null
  readonly baseSchema: string | null
  readonly baseName: string | null
  readonly baseOid: number
  readonly constrained: boolean
}

export const typesSql = `
  SELECT t.oid, ${schemaName('n')} AS schema, t.typname AS name, t.typtype AS kind,
    ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base, t.typbasetype AS "baseOid",
    ${schemaName('bn')} AS "baseSchema", coalesce(e.typname, b.typname) AS "baseName",
    t.typnotnull OR EXISTS (SELECT FROM pg_constraint k WHERE k.contypid = t.oid) AS constrained
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    LEFT JOIN pg_type b ON b.oid = t.typbasetype LEFT JOIN pg_type e ON e.oid = b.typelem AND b.typcategory = 'A'
    LEFT JOIN pg_namespace bn ON bn.oid = coalesce(e.typnamespace, b.typnamespace)
  WHERE t.typtype IN ('e', 'd', 'c', 'r', 'b') AND (t.typtype <> 'c' OR c.relkind = 'c')
    AND NOT EXISTS (SELECT FROM pg_type a WHERE a.typarray = t.oid) AND ${isUsers('n')}`

export interface FunctionRow {
  readonly schema: string
  readonly name: string
  readonly volatility: 'i' | 's' | 'v'
  readonly language: string
}

/** Aggregates and window functions too; overloads that are alike count once. The server's own are not among them: see builtins.ts. */
export const functionsSql = `
  SELECT DISTINCT ${schemaName('n')} AS schema, p.proname AS name, p.provolatile AS volatility, l.lanname AS language
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  WHERE p.prokind <> 'p' AND ${isUsers('n')} ORDER BY 1, 2, 3, 4`
