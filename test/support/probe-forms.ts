import { connect, type PostgresSession } from '../../src/postgres/session.ts'
import { formSetup, formsFor, probe, probeAlone, resetForms, type Form, type Probed } from './lock-forms.ts'

/** A server to probe: the URL of one of its databases by name, and what runs SQL on its own database. */
export interface ProbedServer {
  readonly version: number
  databaseUrl(name: string): string
  admin(sql: string): Promise<unknown>
}

/** What each form was predicted to do, and did, by its id. Forms that the version does not know are left out. */
export async function probeForms(server: ProbedServer): Promise<ReadonlyMap<string, Probed>> {
  await server.admin(
    `do $$begin if not exists (select from pg_roles where rolname = 'facts_role') then create role facts_role; end if; end$$`,
  )
  const all = formsFor(server.version)
  const inside = await probeInside(
    server,
    all.filter(({ transaction }) => transaction !== false),
  )
  const results = new Map(inside)
  for (const form of all.filter(({ transaction }) => transaction === false)) results.set(form.id, await probeOutside(server, form))
  return results
}

/** Forms of the same setup after one another, so that it is run once for all of them. */
async function probeInside(server: ProbedServer, all: readonly Form[]): Promise<readonly (readonly [string, Probed])[]> {
  await using database = await temporaryDatabase(server, 'facts_inside')
  const session = await database.connect()
  const results: [string, Probed][] = []
  for (const setup of new Set(all.map((form) => form.setup ?? ''))) {
    await session.script([resetForms, setup])
    const catalog = await session.readCatalog()
    for (const form of all.filter((each) => (each.setup ?? '') === setup)) results.push([form.id, await probe(form, session, catalog)])
  }
  return results
}

async function probeOutside(server: ProbedServer, form: Form): Promise<Probed> {
  await using database = await temporaryDatabase(server, 'facts_outside')
  const [session, watcher, first, second] = await Promise.all([
    database.connect(),
    database.connect(),
    database.connect(),
    database.connect(),
  ])
  await session.script([formSetup, form.setup ?? ''])
  return await probeAlone(form, { session, watcher, holders: [first, second] })
}

interface TemporaryDatabase extends AsyncDisposable {
  connect(): Promise<PostgresSession>
}

async function temporaryDatabase(server: ProbedServer, name: string): Promise<TemporaryDatabase> {
  const sessions: PostgresSession[] = []
  await server.admin(`create database ${name}`)
  return {
    connect: async () => {
      const session = await connect({ url: server.databaseUrl(name), applicationName: 'lockkeeper prober' })
      sessions.push(session)
      return session
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sessions.map((session) => session.close()))
      await server.admin(`drop database ${name} with (force)`)
    },
  }
}
