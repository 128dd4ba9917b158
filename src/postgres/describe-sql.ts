// Each query gives rows (object, text): what the object is called, and all that makes two of that name the same. No OIDs, no attnums.
// search_path holds pg_catalog alone while they run, so that every name is printed with its schema.

// $1: the schemas asked for, or NULL for all.
const isUsers = (namespace: string) =>
  `${namespace}.nspname NOT IN ('information_schema', 'lockkeeper') AND ${namespace}.nspname !~ '^pg_' AND ($1::text[] IS NULL OR ${namespace}.nspname = ANY ($1::text[]))`

/** What an extension made is described by the extension. */
const isOwn = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '${catalog}'::regclass AND x.objid = ${oid} AND x.deptype = 'e')`

/** Rights in a fixed order; those that nobody ever changed are the default ones, spelled out. */
const rights = (acl: string, kind: string, owner: string) =>
  `' rights ' || array_to_string(ARRAY(SELECT r::text FROM unnest(coalesce(${acl}, acldefault('${kind}', ${owner}))) r ORDER BY 1), ' ')`

const comment = (oid: string, catalog: string, part = '0') =>
  `coalesce(' comment ' || (SELECT quote_literal(d.description) FROM pg_description d WHERE d.objoid = ${oid} AND d.classoid = '${catalog}'::regclass AND d.objsubid = ${part}), '')`

const owner = (role: string) => `' owner ' || pg_get_userbyid(${role})`

const named = (namespace: string, name: string) => `quote_ident(${namespace}.nspname) || '.' || quote_ident(${name})`

const schemas = `
  SELECT 'schema ' || quote_ident(n.nspname), ${owner('n.nspowner')} || ${rights('n.nspacl', 'n', 'n.nspowner')} || ${comment('n.oid', 'pg_namespace')}
  FROM pg_namespace n WHERE ${isUsers('n')}`

const kinds = `CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' END`

const relations = `
  SELECT ${kinds} || ' ' || ${named('n', 'c.relname')},
    CASE c.relpersistence WHEN 'u' THEN ' unlogged' ELSE '' END || ${owner('c.relowner')}
    || CASE WHEN c.relkind = 'S' THEN ${rights('c.relacl', 's', 'c.relowner')} ELSE ${rights('c.relacl', 'r', 'c.relowner')} END
    || coalesce(' access method ' || (SELECT amname FROM pg_am WHERE oid = c.relam), '')
    || coalesce(' tablespace ' || (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace), '')
    || coalesce(' options ' || nullif(array_to_string(ARRAY(SELECT o FROM unnest(c.reloptions) o ORDER BY 1), ' '), ''), '')
    || CASE WHEN c.relrowsecurity THEN ' row security' ELSE '' END || CASE WHEN c.relforcerowsecurity THEN ' forced' ELSE '' END
    || CASE WHEN c.relreplident = 'd' OR c.relkind IN ('v', 'S', 'f') THEN '' ELSE ' replica identity ' || c.relreplident::text END
    || CASE WHEN c.relkind = 'p' THEN ' partition by ' || pg_get_partkeydef(c.oid) ELSE '' END
    || coalesce(' of ' || (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid), '')
    || CASE WHEN c.relispartition THEN ' ' || pg_get_expr(c.relpartbound, 0) ELSE '' END
    || CASE WHEN c.reloftype <> 0 THEN ' of type ' || format_type(c.reloftype, NULL) ELSE '' END
    || CASE WHEN c.relkind IN ('v', 'm') THEN ' as ' || pg_get_viewdef(c.oid) ELSE '' END
    || CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN ' not populated' ELSE '' END
    || CASE WHEN c.relkind = 'S' THEN (SELECT format(' as %s start %s increment %s min %s max %s cache %s cycle %s', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
         FROM pg_sequence s WHERE s.seqrelid = c.oid)
       || coalesce((SELECT CASE d.deptype WHEN 'i' THEN ' identity of ' ELSE ' owned by ' END || d.refobjid::regclass || '.' || quote_ident(a.attname) FROM pg_depend d
         JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')), '') ELSE '' END
    || ${comment('c.oid', 'pg_class')}
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${isUsers('n')} AND ${isOwn('pg_class', 'c.oid')}`

// attcompression came with 14. pg_get_expr gets no table where no column can be mentioned: from 17 on it would lock it.
const columns = (version: number) => `
  SELECT 'column ' || ${named('n', 'c.relname')} || '.' || quote_ident(a.attname),
    ' ' || format_type(a.atttypid, a.atttypmod) || coalesce(' collate ' || (SELECT l.oid::regcollation::text FROM pg_collation l WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation), '')
    || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
    || CASE a.attgenerated WHEN '' THEN coalesce(' default ' || pg_get_expr(d.adbin, 0), '') ELSE ' generated ' || a.attgenerated::text || ' ' || pg_get_expr(d.adbin, d.adrelid) END
    || CASE a.attidentity WHEN '' THEN '' WHEN 'a' THEN ' identity always' ELSE ' identity by default' END
    || CASE WHEN a.attstorage <> t.typstorage THEN ' storage ' || a.attstorage::text ELSE '' END
    || ${version < 14 ? `''` : `CASE WHEN a.attcompression = '' THEN '' ELSE ' compression ' || a.attcompression::text END`}
    || CASE WHEN coalesce(a.attstattarget, -1) >= 0 THEN ' statistics ' || a.attstattarget ELSE '' END
    || coalesce(' options ' || array_to_string(a.attoptions, ' '), '')
    || CASE WHEN a.attinhcount > 0 THEN ' inherited' || CASE WHEN a.attislocal THEN ' and own' ELSE '' END ELSE '' END
    || coalesce(' rights ' || nullif(array_to_string(ARRAY(SELECT r::text FROM unnest(a.attacl) r ORDER BY 1), ' '), ''), '') || ${comment('c.oid', 'pg_class', 'a.attnum')}
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND ${isUsers('n')} AND ${isOwn('pg_class', 'c.oid')}`

const columnOrder = `
  SELECT 'order of columns in ' || ${named('n', 'c.relname')}, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND ${isUsers('n')} AND ${isOwn('pg_class', 'c.oid')}`

// A foreign key to a partitioned table has further rows for each partition, and triggers of its own: the server's bookkeeping.
const constraints = `
  SELECT 'constraint ' || ${named('n', 'c.relname')} || '.' || quote_ident(k.conname),
    ' ' || pg_get_constraintdef(k.oid)
    || CASE WHEN k.coninhcount > 0 THEN ' inherited' || CASE WHEN k.conislocal THEN ' and own' ELSE '' END ELSE '' END || ${comment('k.oid', 'pg_constraint')}
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype IN ('c', 'n', 'p', 'u', 'x', 'f') AND ${isUsers('n')} AND ${isOwn('pg_class', 'c.oid')}
    AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)`

const indexes = `
  SELECT 'index ' || ${named('n', 'x.relname')},
    ' ' || pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END || CASE WHEN i.indisready THEN '' ELSE ' (not ready)' END
    || CASE WHEN i.indisclustered THEN ' clustered' ELSE '' END || CASE WHEN i.indisreplident THEN ' replica identity' ELSE '' END || ${owner('x.relowner')}
    || coalesce(' of constraint ' || (SELECT quote_ident(k.conname) FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')), '')
    || coalesce(' attached to ' || (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = i.indexrelid), '')
    || coalesce(' tablespace ' || (SELECT spcname FROM pg_tablespace WHERE oid = x.reltablespace), '') || ${comment('x.oid', 'pg_class')}
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${isUsers('n')} AND c.relkind IN ('r', 'p', 'm') AND ${isOwn('pg_class', 'c.oid')}`

const triggers = `
  SELECT 'trigger ' || ${named('n', 'c.relname')} || '.' || quote_ident(t.tgname), ' ' || pg_get_triggerdef(t.oid) || CASE t.tgenabled WHEN 'O' THEN '' ELSE ' enabled ' || t.tgenabled::text END || ${comment('t.oid', 'pg_trigger')}
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint
  WHERE (t.tgconstraint = 0 OR k.contype = 't') AND ${isUsers('n')}`

const policiesAndRules = `
  SELECT 'policy ' || ${named('n', 'c.relname')} || '.' || quote_ident(p.polname),
    format(' %s %s to %s using %s check %s', p.polpermissive, p.polcmd, ARRAY(SELECT CASE r WHEN 0 THEN 'public' ELSE pg_get_userbyid(r) END FROM unnest(p.polroles) r ORDER BY 1),
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) || ${comment('p.oid', 'pg_policy')}
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${isUsers('n')}
  UNION ALL SELECT 'rule ' || ${named('n', 'c.relname')} || '.' || quote_ident(w.rulename), ' ' || pg_get_ruledef(w.oid) || ' ' || w.ev_enabled::text || ${comment('w.oid', 'pg_rewrite')}
  FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE w.rulename <> '_RETURN' AND ${isUsers('n')}`

const statistics = `
  SELECT 'statistics ' || ${named('n', 's.stxname')}, ' ' || pg_get_statisticsobjdef(s.oid) || coalesce(' target ' || nullif(s.stxstattarget, -1), '') || ${owner('s.stxowner')} || ${comment('s.oid', 'pg_statistic_ext')}
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE ${isUsers('n')}`

const types = `
  SELECT 'type ' || ${named('n', 't.typname')},
    CASE t.typtype
      WHEN 'e' THEN ' enum ' || coalesce((SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '')
      WHEN 'd' THEN ' domain ' || format_type(t.typbasetype, t.typtypmod) || CASE WHEN t.typnotnull THEN ' not null' ELSE '' END || coalesce(' default ' || t.typdefault, '')
        || coalesce((SELECT string_agg(' ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), '' ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid), '')
      WHEN 'r' THEN (SELECT ' range of ' || format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid)
      ELSE ' ' || t.typtype::text END
    || ${owner('t.typowner')} || ${rights('t.typacl', 'T', 't.typowner')} || ${comment('t.oid', 'pg_type')}
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typtype IN ('e', 'd', 'c', 'r', 'b') AND (t.typtype <> 'c' OR c.relkind = 'c') AND NOT EXISTS (SELECT FROM pg_type a WHERE a.typarray = t.oid)
    AND ${isUsers('n')} AND ${isOwn('pg_type', 't.oid')}`

const functions = `
  SELECT 'function ' || ${named('n', 'p.proname')} || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    ' ' || CASE WHEN p.prokind = 'a' THEN (SELECT format('aggregate %s %s %s', g.aggtransfn, g.aggfinalfn, g.agginitval) FROM pg_aggregate g WHERE g.aggfnoid = p.oid) ELSE pg_get_functiondef(p.oid) END
    || ${owner('p.proowner')} || ${rights('p.proacl', 'f', 'p.proowner')} || ${comment('p.oid', 'pg_proc')}
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE ${isUsers('n')} AND ${isOwn('pg_proc', 'p.oid')} AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid AND x.deptype = 'i')`

// Publications of schemas came with 15.
const others = (version: number) => `
  SELECT 'extension ' || quote_ident(e.extname), format(' %s in %s', e.extversion, e.extnamespace::regnamespace) FROM pg_extension e
  UNION ALL SELECT 'publication ' || quote_ident(p.pubname), format(' all %s insert %s update %s delete %s truncate %s root %s', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot) || ${owner('p.pubowner')}
    || ' tables ' || ARRAY(SELECT r.prrelid::regclass::text FROM pg_publication_rel r WHERE r.prpubid = p.oid ORDER BY 1)::text
    || ${version < 15 ? `''` : `' schemas ' || ARRAY(SELECT s.pnnspid::regnamespace::text FROM pg_publication_namespace s WHERE s.pnpubid = p.oid ORDER BY 1)::text`} FROM pg_publication p
  UNION ALL SELECT format('default rights of %s in %s on %s', pg_get_userbyid(a.defaclrole), coalesce((SELECT n.nspname FROM pg_namespace n WHERE n.oid = a.defaclnamespace), 'all schemas'), a.defaclobjtype),
    array_to_string(ARRAY(SELECT r::text FROM unnest(a.defaclacl) r ORDER BY 1), ' ') FROM pg_default_acl a`

/** All queries; each gives (object, text). */
export const describeSql = (version: number): readonly string[] =>
  [
    schemas,
    relations,
    columns(version),
    columnOrder,
    constraints,
    indexes,
    triggers,
    policiesAndRules,
    statistics,
    types,
    functions,
    others(version),
  ].map((sql) => `SELECT object, text FROM (${sql}) AS found (object, text)`)
