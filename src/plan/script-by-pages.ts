import { atMoment, batchOf, indented, nameParts, untilNoneLeft, type Script } from './script-parts.ts'

export function pageVariables({ version }: Script): string {
  return `  leaves oid[];
  leaf oid;
  leaf_table text;
  first_page bigint;
  behind_page bigint;
  pages bigint;
  places tid[];
  taken bigint;
  stripes int := ${stripesOn(version)};
  chunk_rows bigint;`
}

/**
 * Of a chunk of pages every 8th row in each pass: once a pass is committed, the room of its old rows serves the next ones on the same page,
 * without a new entry in any index (pgfacts B: 0.6 of the WAL). Where a chunk has few rows to change, one pass reads it.
 */
const stripes = 8
// A list of places, as 13 needs it, is read without a page being cleaned up: stripes gave no HOT there (300,000 rows, measured).
const stripesOn = (version: number): number => (version >= 14 ? stripes : 1)
/** 2 MB, which stay in the cache for eight passes; on PostgreSQL 13 as many as it has places that can be listed in some milliseconds. */
const chunkPages = (version: number): number => (version >= 14 ? 256 : 32)
/** Below some 20 rows a pass it costs more to read the pages than it saves. */
const fewRows = 160
/** More line pointers than a page of 8 kB can hold. */
const mostTuples = 291

export function pageLoop(script: Script): string {
  const [, name] = nameParts(script.work.relation)
  const batch = batchOf(script, {
    table: `'ONLY ' || leaf_table || ${script.literal(` AS ${name}`)}`,
    range: script.literal(`${name}.ctid = ANY ($2)`),
    using: ['places[taken + 1 : taken + batch_rows]'],
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
    behind_page := least(pages, first_page + ${chunkPages(script.version)});
    chunk_rows := 0;
    FOR stripe IN 0..stripes - 1 LOOP
      -- Found without a lock, and apart, so that the time of a batch is that of its changes.
      EXECUTE ${placesOf(script, name)} INTO places USING ${['moment', ...usingOf(script)].join(', ')};
      COMMIT;
      taken := 0;
      WHILE taken < cardinality(places) LOOP
        batch_rows := size::bigint;
${indented(batch, 8)}
        taken := taken + batch_rows;
        chunk_rows := chunk_rows + changed;
      END LOOP;
    END LOOP;
    first_page := behind_page;
    stripes := CASE WHEN chunk_rows < ${fewRows} THEN 1 ELSE ${stripesOn(script.version)} END;
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

/** Which rows of the stripe are to be changed; each is asked again under its lock. */
function placesOf({ work, version, literal }: Script, name: string): string {
  const ofStripe =
    version >= 14 ? `${name}.ctid >= $2 AND ${name}.ctid < $3 AND (hashtid(${name}.ctid) & $4) = $5` : `${name}.ctid = ANY ($2)`
  const from = literal(`SELECT coalesce(array_agg(${name}.ctid), '{}') FROM ONLY `)
  return `${from} || leaf_table || ${literal(` AS ${name} WHERE ${ofStripe} AND (${atMoment(work.where)})`)}`
}

/** PostgreSQL 13 has neither a scan over a range of pages nor a hash of a place: there the places are listed. */
function usingOf({ version }: Script): readonly string[] {
  if (version >= 14) return [`format('(%s,0)', first_page)::tid`, `format('(%s,0)', behind_page)::tid`, 'stripes - 1', 'stripe']
  return [
    `ARRAY(SELECT format('(%s,%s)', page, line)::tid FROM generate_series(first_page, behind_page - 1) AS page, generate_series(1, ${mostTuples}) AS line)`,
  ]
}
