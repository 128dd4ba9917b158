import type { Trait } from '../model/catalog.ts'
import { isLocked, isUsers, lockedTables } from './catalog-sql.ts'

// Comments, rights and the like, one row each (relation, of, name, what, text). Nothing waits for a lock: to print the expressions of a
// statistics object the server locks its table, so it is left out while someone holds that in ACCESS EXCLUSIVE.

export interface TraitRow extends Trait {
  /** OID */
  readonly relation: number
}

// A right that another role than the owner gave cannot be given again in its name.
const grants = (acl: string, owner: string) => `
  SELECT CASE WHEN x.grantor = ${owner} THEN 'grant' ELSE 'foreign-grant' END,
    format('%s TO %s%s', x.privilege_type, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END, CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM aclexplode(${acl}) x WHERE x.grantee <> ${owner}`

const columns = `
  SELECT a.attrelid, 'column', a.attname::text, t.what, t.text
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL (
    SELECT 'comment', col_description(a.attrelid, a.attnum)
    UNION ALL SELECT 'target', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END
    UNION ALL SELECT 'option', o FROM unnest(a.attoptions) o
    UNION ALL ${grants('a.attacl', 'c.relowner')}) AS t (what, text)
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND t.text IS NOT NULL AND ${isUsers('n')}`

const indexes = `
  SELECT i.indrelid, 'index', x.relname::text, t.what, t.text
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace, LATERAL (
    SELECT 'comment', obj_description(x.oid, 'pg_class')
    UNION ALL SELECT 'clustered', CASE WHEN i.indisclustered THEN '' END
    UNION ALL SELECT 'tablespace', (SELECT s.spcname::text FROM pg_tablespace s WHERE s.oid = x.reltablespace)) AS t (what, text)
  WHERE t.text IS NOT NULL AND ${isUsers('n')}`

const constraints = `
  SELECT k.conrelid, 'constraint', k.conname::text, 'comment', obj_description(k.oid, 'pg_constraint')
  FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
  WHERE k.conrelid <> 0 AND obj_description(k.oid, 'pg_constraint') IS NOT NULL AND ${isUsers('n')}`

const statistics = `
  SELECT s.stxrelid, 'statistics', format('%I.%I', n.nspname, s.stxname), t.what, t.text
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace, LATERAL (
    SELECT 'comment', obj_description(s.oid, 'pg_statistic_ext')
    UNION ALL SELECT 'definition', CASE WHEN NOT ${isLocked('s.stxrelid')} THEN pg_get_statisticsobjdef(s.oid) END
    UNION ALL SELECT 'target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::text END
    UNION ALL SELECT 'owner', quote_ident(pg_get_userbyid(s.stxowner))
    UNION ALL SELECT DISTINCT 'mentions', a.attname::text FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_statistic_ext'::regclass AND d.objid = s.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.stxrelid) AS t (what, text)
  WHERE t.text IS NOT NULL AND ${isUsers('n')}`

const sequences = `
  SELECT s.seqrelid, 'sequence', c.relname::text, t.what, t.text
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL (
    SELECT 'comment', obj_description(c.oid, 'pg_class')
    UNION ALL SELECT 'type', format_type(s.seqtypid, NULL)
    UNION ALL SELECT 'start', s.seqstart::text
    UNION ALL SELECT 'increment', s.seqincrement::text
    UNION ALL SELECT 'min', s.seqmin::text
    UNION ALL SELECT 'max', s.seqmax::text
    UNION ALL SELECT 'cache', s.seqcache::text
    UNION ALL SELECT 'cycle', CASE WHEN s.seqcycle THEN '' END
    UNION ALL ${grants('c.relacl', 'c.relowner')}) AS t (what, text)
  WHERE t.text IS NOT NULL AND ${isUsers('n')}`

// What would fall with a column only by CASCADE, and generated columns, which before 15 fall without it. Its own default, its indexes,
// constraints and statistics fall by themselves.
const standing = `
  SELECT DISTINCT d.refobjid, 'column', a.attname::text, CASE WHEN v.relkind = 'v' AND w.rulename = '_RETURN' THEN 'view' ELSE 'stands-on' END,
    CASE WHEN v.relkind = 'v' AND w.rulename = '_RETURN' THEN format('%I.%I', vn.nspname, v.relname) ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END
  FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid LEFT JOIN pg_class v ON v.oid = w.ev_class LEFT JOIN pg_namespace vn ON vn.oid = v.relnamespace
    LEFT JOIN pg_trigger g ON d.classid = 'pg_trigger'::regclass AND g.oid = d.objid LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
  WHERE d.refclassid = 'pg_class'::regclass AND c.relkind IN ('r', 'p')
    AND (d.classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_proc'::regclass, 'pg_publication_rel'::regclass)
      OR (g.oid IS NOT NULL AND NOT g.tgisinternal) OR f.adnum <> d.refobjsubid
      OR (d.classid = 'pg_class'::regclass AND d.objid = d.refobjid AND d.objsubid <> 0)) AND ${isUsers('n')}`

/** Each row is a trait of one relation. */
export const traitsSql = `${lockedTables}
  SELECT relation, "of", name, what, text
  FROM (${[columns, indexes, constraints, statistics, sequences, standing].join('\nUNION ALL')}) AS found (relation, "of", name, what, text)
  ORDER BY 1, 2, 3, 4, 5`
