import { atMoment, batchOf, indented, nameParts, untilNoneLeft, type Script } from './script-parts.ts'

export function pageVariables(): string {
  return `  leaves oid[];
  leaf oid;
  leaf_table text;
  first_page bigint;
  behind_page bigint;
  pages bigint;
  stripe int;
  stripes int := ${stripes};
  chunk_rows bigint;`
}

/**
 * Of a chunk of pages every 8th row in each pass: once a pass is committed, the room of its old rows serves the next ones on the same page,
 * without a new entry in any index (pgfacts B: 0.6 of the WAL). Where a chunk has few rows to change, one pass reads it.
 */
const stripes = 8
/** 2 MB, which stay in the cache for eight passes. */
const chunkPages = 256
/** Below some 20 rows a pass it costs more to read the pages than it saves. */
const fewRows = 160
/** More line pointers than a page of 8 kB can hold. */
const mostTuples = 291

export function pageLoop(script: Script): string {
  const [, name] = nameParts(script.work.relation)
  const batch = batchOf(script, {
    table: `'ONLY ' || leaf_table || ${script.literal(` AS ${name}`)}`,
    range: rangeOf(script, name),
    using: usingOf(script),
  })
  return untilNoneLeft(
    script,
    `leaves := ${leavesOf(script)};
FOREACH leaf IN ARRAY leaves LOOP
  leaf_table := (SELECT c.oid::regclass::text FROM pg_catalog.pg_class c WHERE c.oid = leaf);
  CONTINUE WHEN leaf_table IS NULL;
  pages := pg_relation_size(leaf) / current_setting('block_size')::int;
  first_page := 0;
  WHILE first_page < pages LOOP
    behind_page := least(pages, first_page + ${chunkPages});
    chunk_rows := 0;
    stripe := 0;
    WHILE stripe < stripes LOOP
      batch_rows := size::bigint;
${indented(batch, 6)}
      chunk_rows := chunk_rows + changed;
      -- As many as were allowed: there may be more of them.
      IF changed = 0 OR changed < batch_rows THEN
        stripe := stripe + 1;
      END IF;
    END LOOP;
    first_page := behind_page;
    stripes := CASE WHEN chunk_rows < ${fewRows} THEN 1 ELSE ${stripes} END;
  END LOOP;
END LOOP;`,
  )
}

/** Of what holds rows itself: partitions and children by inheritance, all levels down. */
function leavesOf({ work, literal }: Script): string {
  return `ARRAY(
  WITH RECURSIVE tree AS (
    SELECT ${literal(work.relation)}::regclass::oid AS id
    UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON tree.id = i.inhparent
  )
  SELECT tree.id FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.id WHERE c.relkind = 'r'
)`
}

/** At most so many rows as fit into the time; which ones is looked up without a lock, and asked again under it. */
function rangeOf({ work, version, literal }: Script, name: string): string {
  const where = atMoment(work.where)
  const place = version >= 14 ? `${name}.ctid >= $3 AND ${name}.ctid < $4 AND (hashtid(${name}.ctid) & $5) = $6` : `${name}.ctid = ANY ($3)`
  return `${literal(`${name}.ctid = ANY (ARRAY(SELECT ${name}.ctid FROM ONLY `)} || leaf_table || ${literal(` AS ${name} WHERE ${place} AND (${where}) LIMIT $2))`)}`
}

/** PostgreSQL 13 has neither a scan over a range of pages nor a hash of a place: there the places are listed. */
function usingOf({ version }: Script): readonly string[] {
  if (version >= 14)
    return ['batch_rows', `format('(%s,0)', first_page)::tid`, `format('(%s,0)', behind_page)::tid`, 'stripes - 1', 'stripe']
  return [
    'batch_rows',
    `ARRAY(SELECT format('(%s,%s)', page, line)::tid FROM generate_series(first_page, behind_page - 1) AS page, generate_series(stripe + 1, ${mostTuples}, stripes) AS line)`,
  ]
}
