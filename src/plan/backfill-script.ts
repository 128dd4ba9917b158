import type { Dialect } from '../model/dialect.ts'
import type { Walk, Work } from '../model/plan.ts'
import { workText } from '../model/work-text.ts'
import { clip, nameBytes } from '../std/object-name.ts'
import { keyLoop, keyVariables, stateTable } from './script-by-key.ts'
import { pageLoop, pageVariables } from './script-by-pages.ts'
import { indented, joined, scriptOf, type Script } from './script-parts.ts'

export interface BackfillScript {
  readonly work: Work
  readonly walk: Walk
  /** Unique among the scripts of a database. */
  readonly name: string
  readonly batchTargetMs: number
  /** The major of the server, 13 to 18. */
  readonly version: number
}

/**
 * A batched change as SQL that needs nothing but a server and one session, statement by statement, outside a transaction. A procedure of the
 * session's own makes the batches, each its own transaction with a limit for its lock waits; it is gone with the session. Run again after it
 * was stopped, it goes on: what no longer matches is not found again, else a small table beside the walked one has the place, committed with
 * each batch, and is dropped when all is done. Locks rows for about `batchTargetMs` at a time.
 */
export function backfillScript({ work, walk, ...rest }: BackfillScript, dialect: Dialect): string {
  if (work.kind === 'code') return codeText(work)
  const script = scriptOf({ ...rest, work, walk, name: clip(`_lk_${rest.name}`, nameBytes) }, dialect)
  const procedure = `pg_temp.${script.quoted(script.name)}`
  const statements = [
    ...(work.falsifies ? [] : [`${stateTable(script)};`]),
    `CREATE OR REPLACE PROCEDURE ${procedure}() LANGUAGE plpgsql AS ${dollarQuoted(`\n${bodyOf(script)}\n`)};`,
    // A limit for statements would count for all batches together.
    'SET statement_timeout = 0;',
    `DO ${dollarQuoted(` BEGIN PERFORM set_config('lockkeeper.last_transaction', now()::text, false); END `)};`,
    `CALL ${procedure}();`,
    'RESET statement_timeout;',
    `DROP PROCEDURE ${procedure}();`,
  ]
  return joined(statements.join('\n'))
}

/** Whoever sends the whole script to psql must not go on past it. */
function codeText(work: Extract<Work, { readonly kind: 'code' }>): string {
  const rows = `${work.export}() of ${work.module} changes the rows of: ${workText(work)}`
  const stop = `DO $$ BEGIN RAISE EXCEPTION 'this step is code: run it with lockkeeper apply, then go on behind it'; END $$;`
  return `${rows
    .split(/[\n\r]/)
    .map((line) => `-- ${line}`)
    .join('\n')}\n${stop}`
}

function bodyOf(script: Script): string {
  const { walk, work, batchTargetMs } = script
  const byKey = walk.by === 'key'
  return `#variable_conflict use_variable
DECLARE
  -- The same moment for every row.
  moment timestamptz := clock_timestamp();
  target_ms CONSTANT float8 := ${batchTargetMs};
  size float8 := 200;
  batch_rows bigint;
  changed bigint;
  still bigint;
  total bigint := 0;
  sweep int := 1;
  again boolean;
  failed boolean;
  tries int := 0;
  began timestamptz;
  work_ms float8;
  stuck_since timestamptz;
  told timestamptz := clock_timestamp();
${byKey ? keyVariables(script, walk) : pageVariables()}
BEGIN
  -- The statement before this one left the start of its own transaction.
  IF current_setting('lockkeeper.last_transaction', true) = now()::text THEN
    RAISE EXCEPTION 'this must not run inside a transaction block: its batches commit one by one'
      USING ERRCODE = 'active_sql_transaction', HINT = 'Run it statement by statement, without BEGIN, and not all in one message.';
  END IF;
  -- Where one is open all the same, this fails before any row is changed.
  COMMIT;
${indented(byKey ? keyLoop(script, walk) : pageLoop(script), 2)}
  RAISE NOTICE '%', ${script.literal(`${work.relation}: done, rows: `)} || total;
END`
}

/** In dollars, with a tag that the text does not hold. */
export function dollarQuoted(text: string): string {
  let tag = '$lk'
  for (let at = 1; text.includes(tag); at += 1) tag = `$lk${at}`
  return `${tag}$${text}${tag}$`
}
