import type { Dialect } from '../model/dialect.ts'
import type { Walk, Work } from '../model/plan.ts'

export interface Script {
  readonly work: Exclude<Work, { readonly kind: 'code' }>
  readonly walk: Walk
  readonly name: string
  readonly batchTargetMs: number
  readonly version: number
  /** A quoted name. */
  readonly quoted: (name: string) => string
  /** A literal whose line breaks stand apart from those of the script: what is indented is not what the user wrote. */
  readonly literal: (text: string) => string
}

export function scriptOf(parts: Omit<Script, 'quoted' | 'literal'>, dialect: Dialect): Script {
  return { ...parts, quoted: (name) => apart(dialect.name(name)), literal: (text) => apart(dialect.literal(joined(text))) }
}

// No text of a server holds a NUL.
const apart = (text: string): string => text.replaceAll('\n', '\0')

/** The script once all is indented. */
export function joined(script: string): string {
  return script.replaceAll('\0', '\n')
}

export interface Batch {
  /** Expressions of plpgsql that give the text of the batch's parts: the table with its alias, and the condition for its rows. */
  readonly table: string
  readonly range: string
  /** What $2 and the following stand for; $1 is the moment. */
  readonly using: readonly string[]
  /** Commits with the batch. */
  readonly also?: string
}

/**
 * One batch, in a transaction of its own. A COMMIT cannot stand inside a block with EXCEPTION, so the block holds the change alone. Rows that
 * match again are an error: nothing would end. Wants a loop around it, which goes on from the start where the batch was not had.
 */
export function batchOf(script: Script, batch: Batch): string {
  const { work } = script
  return `began := clock_timestamp();
failed := false;
BEGIN
  PERFORM set_config('lock_timeout', '${lockTimeoutMs}ms', true);
  EXECUTE ${changeOf(script, batch)} INTO changed, still USING ${['moment', ...batch.using].join(', ')};${batch.also === undefined ? '' : `\n${indented(batch.also, 2)}`}
EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure THEN
  failed := true;
  changed := 0;
  still := 0;
END;
work_ms := extract(epoch FROM clock_timestamp() - began) * 1000;
IF still > 0 THEN
  RAISE EXCEPTION '%', still || ' of ' || changed || ${script.literal(` rows of ${work.relation} still match after the change: ${work.where}`)}
    USING HINT = 'The new value is no better than the old one; this batch was rolled back.';
END IF;
COMMIT;
IF failed THEN
  tries := tries + 1;
  stuck_since := coalesce(stuck_since, began);
  IF clock_timestamp() - stuck_since > interval '${maxStuck}' THEN
    RAISE EXCEPTION '%', ${script.literal(`a row of ${work.relation} stayed locked by another transaction for ${maxStuck}`)} USING ERRCODE = 'lock_not_available';
  END IF;
  size := greatest(1, size / 2);
  PERFORM pg_sleep(least(1, 0.02 * 2 ^ least(tries, 6)) * (0.5 + random() / 2));
  CONTINUE;
END IF;
tries := 0;
stuck_since := NULL;
total := total + changed;
-- Never more than doubles or halves at once, and half of the way, so that it does not swing.
size := least(${mostRows}, greatest(1, size * (1 + (least(2, greatest(0.5, target_ms / greatest(work_ms, 0.1))) - 1) / 2)));
IF clock_timestamp() - told > interval '5 s' THEN
  RAISE NOTICE '%', ${script.literal(`${work.relation}: rows so far: `)} || total;
  told := clock_timestamp();
END IF;`
}

/** While a batch waits for one row it holds others. */
const lockTimeoutMs = 100
const maxStuck = '30 minutes'
const mostRows = 50_000

/** An expression for the text of one batch, which gives how many rows it changed, and how many of them match as before. */
function changeOf({ work, literal }: Script, { table, range }: Pick<Batch, 'table' | 'range'>): string {
  const text = (sql: string): string => literal(atMoment(sql))
  const rows = `${range} || ${text(` AND (${work.where})`)}`
  const counted = (statement: string, still: string): string =>
    `'WITH changed AS (' || ${statement} || ${text(` RETURNING ${still} AS still`)} || ') SELECT count(*), count(*) FILTER (WHERE still) FROM changed'`
  switch (work.kind) {
    case 'update':
      return counted(`'UPDATE ' || ${table} || ${text(` SET ${work.set} WHERE `)} || ${rows}`, work.falsifies ? `(${work.where})` : 'false')
    case 'delete':
      return counted(`'DELETE FROM ' || ${table} || ' WHERE ' || ${rows}`, 'false')
    case 'insert':
      return counted(
        `${text(`${work.into} SELECT ${work.select} FROM `)} || ${table} || ' WHERE ' || ${rows} || ${text(` ${work.conflict}`)}`,
        'false',
      )
  }
}

/** What the application wrote meanwhile is swept up, until none is left; around a loop over the whole table. */
export function untilNoneLeft(script: Script, walkOnce: string): string {
  const { work, literal } = script
  return `LOOP
${indented(walkOnce, 2)}
  EXECUTE ${literal(atMoment(`SELECT EXISTS (SELECT FROM ${work.relation} WHERE (${work.where}))`))} INTO again USING moment;
  COMMIT;
  EXIT WHEN NOT again;
  sweep := sweep + 1;
  IF sweep > 20 THEN
    RAISE EXCEPTION '%', ${script.literal(`${work.relation}: after 20 passes there are still rows with ${work.where}`)}
      USING HINT = 'The running application keeps writing such rows. Deploy the version that no longer does, then run this again.';
  END IF;
END LOOP;`
}

/** $1 of each statement is the moment. */
export function atMoment(sql: string): string {
  return sql.replaceAll('{now}', '($1)')
}

export function indented(text: string, by: number): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(by) + line))
    .join('\n')
}

/** Schema and name of a canonical name, as they are written there. */
export function nameParts(canonical: string): readonly [string, string] {
  const parts = canonical.match(/"(?:[^"]|"")*"|[^."]+/g) ?? []
  return [apart(parts.at(-2) ?? 'public'), apart(parts.at(-1) ?? canonical)]
}
