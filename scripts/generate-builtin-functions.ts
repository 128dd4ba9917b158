import { writeFileSync } from 'node:fs'
import pg from 'pg'
import { startPostgres } from '../src/embedded/start.ts'

/**
 * Writes src/postgres/builtin-functions.ts: the functions of pg_catalog by volatility, as the newest server has them.
 * Left out is what no SQL expression can call: functions of the type `internal`, type input and output, trigger functions.
 */
const listSql = `
  SELECT DISTINCT provolatile AS volatility, proname AS name FROM pg_proc
  WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind <> 'p' AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'cstring'::regtype)
    AND NOT 'internal'::regtype = ANY (proargtypes) AND NOT 'cstring'::regtype = ANY (proargtypes)
  ORDER BY 1, 2`

const lineWidth = 136

await using server = await startPostgres({ version: 18 })
const client = new pg.Client({ connectionString: server.url })
await client.connect()
const { rows } = await client.query<{ volatility: string; name: string }>(listSql)
await client.end()
writeFileSync('src/postgres/builtin-functions.ts', fileOf(rows))

function fileOf(functions: readonly { readonly volatility: string; readonly name: string }[]): string {
  const list = (letter: string) => wrap(functions.filter((each) => each.volatility === letter).map((each) => each.name))
  return `// Made by scripts/generate-builtin-functions.ts from PostgreSQL 18; do not edit.

/** The functions of pg_catalog that SQL can call, by volatility; a name whose overloads differ stands under each. */
export const builtinFunctions = {
  immutable: \`
${list('i')}\`,
  stable: \`
${list('s')}\`,
  volatile: \`
${list('v')}\`,
} as const
`
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
