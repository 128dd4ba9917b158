import { LockkeeperError } from '../model/errors.ts'
import type { Session } from '../model/session.ts'
import type { Control } from './control.ts'
import type { FleetQueue } from './queue.ts'
import { fleetSchema } from './queue.ts'
import { storeFormat, storeTables } from './store.ts'

/** Machines that begin at once create the tables one after the other. The number is our own: `fleet` in hexadecimal ASCII. */
const installLock = 0x66_6c_65_65_74

const limit = { statementTimeoutMs: 60_000 }

/** Creates the schema `lockkeeper_fleet` with pg-boss' tables and ours where they are not. Throws `read-only-server`, `fleet-control-invalid`. */
export async function install(control: Control, queue: FleetQueue): Promise<void> {
  await control.alone(async (session) => {
    await session.refuseReadOnly()
    await session.query(`select pg_advisory_lock(${installLock})`, [], limit)
    try {
      const format = await formatOf(session)
      await queue.install()
      if (format < storeFormat) await session.script(['begin', ...storeTables, 'commit'])
    } catch (error) {
      await session.script(['rollback']).catch(() => undefined)
      throw error
    } finally {
      await session.query(`select pg_advisory_unlock(${installLock})`).catch(() => undefined)
    }
  })
}

/** Throws `fleet-control-invalid` where a newer version wrote it. */
export async function isInstalled(session: Session): Promise<boolean> {
  return (await formatOf(session)) > 0
}

/** 0 where there is none. */
async function formatOf(session: Session): Promise<number> {
  const [there] = await session.query(`select to_regclass('${fleetSchema}.fleet_format') is not null as there`)
  if (there?.['there'] !== true) return 0
  const [row] = await session.query(`select max(format) as format from ${fleetSchema}.fleet_format`)
  const format = Number(row?.['format'])
  if (format <= storeFormat) return format
  const { database, host } = session.target
  throw new LockkeeperError('fleet-control-invalid', `A newer lockkeeper wrote the schema ${fleetSchema} in ${database} on ${host}.`, {
    hint: 'Use that version or a later one on every machine.',
  })
}
