import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../src/embedded/start.ts'

// What any tool pays that replays a folder: the embedded server, and the same SQL sent by a bare client, one message a file.
const folder = process.argv[2] ?? '.'
const server = await startPostgres()
const client = new pg.Client({ connectionString: server.url })
await client.connect()
for (const name of (await readdir(folder)).filter((entry) => !entry.endsWith('.toml')).toSorted()) {
  await client.query(await readFile(join(folder, name, 'migration.sql'), 'utf8'))
}
await client.end()
await server.stop()
