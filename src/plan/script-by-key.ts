import type { Walk } from '../model/plan.ts'
import { workText } from '../model/work-text.ts'
import { batchOf, indented, nameParts, untilNoneLeft, type Script } from './script-parts.ts'

type KeyWalk = Extract<Walk, { readonly by: 'key' }>

const each = (walk: KeyWalk, prefix: string): readonly string[] => walk.columns.map((_, at) => `${prefix}_${at}`)

export function keyVariables({ work }: Script, walk: KeyWalk): string {
  const names = [each(walk, 'after'), each(walk, 'upto'), each(walk, 'bound')]
  return [
    ...names.flatMap((group) => group.map((name, at) => `  ${name} ${walk.types[at]};`)),
    ...(work.falsifies ? [] : ['  found_work text;']),
  ].join('\n')
}

/** Where it stands, for work of which a row does not show that it was done. */
export function stateTable(script: Script): string {
  const { walk } = script
  const columns =
    walk.by === 'key' ? ['after', 'bound'].flatMap((prefix) => each(walk, prefix).map((name, at) => `${name} ${walk.types[at]}`)) : []
  return `CREATE TABLE IF NOT EXISTS ${stateName(script)} (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), work text NOT NULL, moment timestamptz NOT NULL, ${columns.join(', ')})`
}

function stateName({ work, name, quoted }: Script): string {
  return `${nameParts(work.relation)[0]}.${quoted(name)}`
}

/** Up to the last key as it was at the start: what comes in behind it is none of its business. */
export function keyLoop(script: Script, walk: KeyWalk): string {
  const { work } = script
  const from = each(walk, 'after')
    .map((name) => `${name} := NULL;`)
    .join(' ')
  if (work.falsifies) return untilNoneLeft(script, `${from}\n${boundOf(script, walk)}\nCOMMIT;\n${walkOnce(script, walk)}`)
  return `${resume(script, walk)}
COMMIT;
${walkOnce(script, walk)}
DROP TABLE ${stateName(script)};
COMMIT;`
}

function resume(script: Script, walk: KeyWalk): string {
  const [state, text] = [stateName(script), script.literal(workText(script.work))]
  const [after, bound] = [each(walk, 'after'), each(walk, 'bound')]
  return `SELECT s.work, s.moment, ${[...after, ...bound].map((name) => `s.${name}`).join(', ')}
  INTO found_work, moment, ${[...after, ...bound].join(', ')} FROM ${state} s;
IF NOT FOUND THEN
  moment := clock_timestamp();
  ${boundOf(script, walk)}
  INSERT INTO ${state} (work, moment, ${bound.join(', ')}) VALUES (${text}, moment, ${bound.join(', ')});
ELSIF found_work <> ${text} THEN
  RAISE EXCEPTION '%', ${script.literal(`${state} holds the place of another change; drop it if that one is no longer wanted`)};
ELSE
  RAISE NOTICE '%', ${script.literal(`${script.work.relation}: goes on behind `)} || coalesce(row(${after.join(', ')})::text, '');
END IF;`
}

function boundOf({ work, quoted, literal }: Script, walk: KeyWalk): string {
  const { names, back } = orderOf(walk, quoted)
  const sql = `SELECT ${names.join(', ')} FROM ${work.relation} ORDER BY ${back} LIMIT 1`
  return `EXECUTE ${literal(sql)} INTO ${each(walk, 'bound').join(', ')};`
}

function walkOnce(script: Script, walk: KeyWalk): string {
  const { work, quoted, literal } = script
  const [after, upto, bound] = [each(walk, 'after'), each(walk, 'upto'), each(walk, 'bound')]
  const count = walk.columns.length
  const { names, key, forth, back, before, behind } = orderOf(walk, quoted)
  const place = (first: number): string => `(${names.map((_, at) => `$${first + at}`).join(', ')})`
  // A parameter is a constant for the planner: for the first batch nothing of this is left.
  const start = `($2 IS NULL OR ${key} ${behind} ${place(2)})`
  const list = names.join(', ')
  const next = `SELECT ${list} FROM (SELECT ${list} FROM ${work.relation} WHERE ${start} AND ${key} ${before}= ${place(2 + count)} ORDER BY ${forth} LIMIT $1) AS batch ORDER BY ${back} LIMIT 1`
  const batch = batchOf(script, {
    table: literal(work.relation),
    range: literal(`${start} AND ${key} ${before}= ${place(2 + count)}`),
    using: [...after, ...upto],
    ...(!work.falsifies && { also: movedOn(script, walk) }),
  })
  return `LOOP
  batch_rows := size::bigint;
  EXECUTE ${literal(next)} INTO ${upto.join(', ')} USING batch_rows, ${[...after, ...bound].join(', ')};
  EXIT WHEN ${upto[0]} IS NULL;
${indented(batch, 2)}
  ${after.map((name, at) => `${name} := ${upto[at]};`).join(' ')}
END LOOP;`
}

/** Another session that runs the same script would do the same rows once more. */
function movedOn(script: Script, walk: KeyWalk): string {
  const [after, upto] = [each(walk, 'after'), each(walk, 'upto')]
  const state = stateName(script)
  return `UPDATE ${state} AS s SET ${after.map((name, at) => `${name} = ${upto[at]}`).join(', ')} WHERE ${after.map((name) => `s.${name} IS NOT DISTINCT FROM ${name}`).join(' AND ')};
IF NOT FOUND THEN
  RAISE EXCEPTION 'another session runs this too';
END IF;`
}

function orderOf({ columns, descending }: KeyWalk, quoted: (name: string) => string) {
  const names = columns.map((column) => quoted(column))
  const key = `(${names.join(', ')})`
  const [up, down] = [names.map((name) => `${name} ASC`).join(', '), names.map((name) => `${name} DESC`).join(', ')]
  return descending === true
    ? { names, key, forth: down, back: up, before: '>', behind: '<' }
    : { names, key, forth: up, back: down, before: '<', behind: '>' }
}
