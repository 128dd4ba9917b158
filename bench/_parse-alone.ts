import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadModule, parseSync } from 'libpg-query'

// What any tool pays that reads a folder with PostgreSQL's own parser, and does nothing with it.
const folder = process.argv[2] ?? '.'
await loadModule()
let statements = 0
for (const name of readdirSync(folder)) statements += parseSync(readFileSync(join(folder, name), 'utf8')).stmts?.length ?? 0
if (statements === 0) throw new Error('nothing was parsed')
