import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres, type EmbeddedServer } from '../../src/embedded/start.ts'

/** A hot standby that streams from the primary: its data folder is put in the place of that of a server of its own. */
export async function standbyOf(primary: EmbeddedServer): Promise<EmbeddedServer> {
  const standby = await startPostgres({ version: primary.version })
  const data = join(standby.folder, 'data')
  // The old process works on in the folder that it was started in, and removes its lock file there.
  renameSync(data, join(standby.folder, 'first-data'))
  await copyData(primary, data)
  appendFileSync(
    join(data, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${primary.socketFolder} port=${primary.port} user=postgres'\n`,
  )
  writeFileSync(join(data, 'standby.signal'), '')
  await standby.restart()
  return standby
}

/** An online backup, by the functions that pg_basebackup uses too. */
async function copyData(primary: EmbeddedServer, to: string): Promise<void> {
  const client = new pg.Client({ connectionString: primary.url })
  await client.connect()
  const old = primary.version < 15
  await client.query(old ? `select pg_start_backup('standby', true, false)` : `select pg_backup_start('standby', true)`)
  execFileSync('cp', ['-R', '-p', join(primary.folder, 'data'), to])
  rmSync(join(to, 'postmaster.pid'))
  const { rows } = await client.query<{ label: string }>(
    `select labelfile as label from ${old ? 'pg_stop_backup(false)' : 'pg_backup_stop()'}`,
  )
  writeFileSync(join(to, 'backup_label'), rows[0]?.label ?? '')
  // The server, which is not us where we are root, renames it when it is done with it.
  const { uid, gid } = statSync(join(to, 'PG_VERSION'))
  chownSync(join(to, 'backup_label'), uid, gid)
  await client.end()
}
