import { writeFileSync } from 'node:fs'
import pg from 'pg'
import { availableVersions, startPostgres } from '../src/embedded/start.ts'

/**
 * Writes src/postgres/builtin-functions.ts and former-functions.ts: the functions of pg_catalog by volatility, as each installed major has them. They do not
 * change within a major, whose catalog is laid once by initdb.
 * Left out is what no SQL expression can call: functions of the type `internal`, type input and output, trigger functions.
 */
const listSql = `
  SELECT proname AS name, string_agg(DISTINCT provolatile::text, '' ORDER BY provolatile::text) AS volatilities FROM pg_proc
  WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind <> 'p' AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'cstring'::regtype)
    AND NOT 'internal'::regtype = ANY (proargtypes) AND NOT 'cstring'::regtype = ANY (proargtypes)
  GROUP BY proname ORDER BY proname`

const lineWidth = 136
const newest = 18

/** Letters of provolatile by name. */
type Functions = ReadonlyMap<string, string>

async function functionsOf(version: number): Promise<Functions> {
  await using server = await startPostgres({ version })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  const { rows } = await client.query<{ name: string; volatilities: string }>(listSql)
  await client.end()
  return new Map(rows.map(({ name, volatilities }) => [name, volatilities]))
}

const made = (from: string) => `// Made by scripts/generate-builtin-functions.ts from PostgreSQL ${from}; do not edit.\n`

function currentFile(current: Functions): string {
  return `${made(String(newest))}
/** Names by volatility; a name whose overloads differ stands under each. */
export interface FunctionNames {
  readonly immutable: string
  readonly stable: string
  readonly volatile: string
}

/** The functions of pg_catalog that SQL can call. */
export const builtinFunctions: FunctionNames = ${namesOf(current)}
`
}

function formerFile(former: readonly (readonly [number, Functions])[], current: Functions): string {
  return `${made(former.map(([version]) => version).join(', '))}import type { FunctionNames } from './builtin-functions.ts'

/** The functions of pg_catalog that an earlier major has otherwise than ${newest}, or alone. */
export const formerFunctions: { readonly [version: number]: FunctionNames } = {
${former.map(([version, functions]) => `  ${version}: ${namesOf(differing(functions, current))},\n`).join('')}}
`
}

function differing(functions: Functions, current: Functions): Functions {
  return new Map([...functions].filter(([name, volatilities]) => current.get(name) !== volatilities))
}

function namesOf(functions: Functions): string {
  const list = (letter: string) => wrap([...functions].filter(([, letters]) => letters.includes(letter)).map(([name]) => name))
  return `{
  immutable: \`
${list('i')}\`,
  stable: \`
${list('s')}\`,
  volatile: \`
${list('v')}\`,
}`
}

function wrap(names: readonly string[]): string {
  const lines: string[] = []
  for (const name of names) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + name.length < lineWidth) lines[lines.length - 1] = `${last} ${name}`
    else lines.push(`    ${name}`)
  }
  return lines.join('\n')
}

const former: (readonly [number, Functions])[] = []
for (const version of availableVersions().filter((each) => each < newest)) former.push([version, await functionsOf(version)])
const current = await functionsOf(newest)
writeFileSync('src/postgres/builtin-functions.ts', currentFile(current))
writeFileSync('src/postgres/former-functions.ts', formerFile(former, current))
