import { fileURLToPath } from 'node:url'
import { endWithParent } from './_code-orphan.ts'
import { pgOver, type Pg } from './_code-pg.ts'
import type { ChildAnswer, CodeRequest, Recorded, RecordedQuery, Stopped } from './_code-protocol.ts'
import { endedWell, oneLine, Stop, withLine, type Place, type Recording } from './_code-recorder.ts'
import { connect, nowhere, ofTransaction, parentWire, sandboxWire, type Send, type Wire } from './_code-wire.ts'

/** What a source brings to the child process that runs its migrations. */
export interface CodeSource<Settings> {
  /** Every migration of the files, in the order in which they run; `failed` makes those that could not be loaded. */
  load(request: CodeRequest<Settings>): Promise<readonly Loaded[]>
  /** Opens the user's own ORM over `pg`, a stand-in for the package of that name. */
  open(request: CodeRequest<Settings>, pg: Pg): Promise<Opened>
  /** What `up` gets where there is no database, in place of the ORM itself over a driver that only writes down. */
  standIn?(place: Place): object
}

export interface Loaded {
  readonly file: string
  readonly name: string
  readonly history: Recorded['history']
  /** What it says itself of a transaction around it. */
  readonly transaction?: boolean
  readonly up?: (handle: object) => unknown
  readonly failure?: Stopped
}

export interface Opened {
  /** Calls `act` with what the ORM gives to `up`; in a transaction of the ORM's where it makes one, or `always`. Rolls back where `act` throws. */
  run(migration: Loaded, act: (handle: object) => Promise<void>, always: boolean): Promise<void>
  /** Where only the ORM knows it: the line of the code that issues the statement at hand. */
  readonly lineNow?: (file: string) => number | undefined
}

/** The whole of a source's child: answers the one request that the parent sends. */
export function serve<Settings>(source: CodeSource<Settings>): void {
  Error.stackTraceLimit = 100
  endWithParent()
  process.once('message', (request) => void answerTo(source, request as CodeRequest<Settings>).catch(giveUp))
  process.once('disconnect', () => process.exit(0))
}

async function answerTo<Settings>(source: CodeSource<Settings>, request: CodeRequest<Settings>): Promise<void> {
  const migrations = await source.load(request)
  if (request.execute !== undefined) await send(await executeOne(source, request, migrations))
  else if (request.sandbox === undefined) await send({ kind: 'done', recorded: await recordAll(source, request, migrations) })
  else await send({ kind: 'done', recorded: await runAll(source, { ...request, sandbox: request.sandbox }, migrations) })
  process.exit(0)
}

async function giveUp(error: unknown): Promise<void> {
  await send({ kind: 'broken', message: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) })
  process.exit(0)
}

async function recordAll<Settings>(
  source: CodeSource<Settings>,
  request: CodeRequest<Settings>,
  migrations: readonly Loaded[],
): Promise<readonly Recorded[]> {
  const stage = source.standIn === undefined ? await open(source, request) : undefined
  const answers: Recorded[] = []
  for (const migration of migrations) {
    await send({ kind: 'running', file: migration.file })
    const place = placeOf(migration, stage?.opened)
    if (stage === undefined) await runUp(migration, place.recording, source.standIn?.(place) ?? {})
    else await stage.run(migration, { place, wire: nowhere(place, request.count ?? 0), always: false })
    answers.push(answer(migration, place.recording))
  }
  return answers
}

type SandboxRequest<Settings> = CodeRequest<Settings> & Required<Pick<CodeRequest, 'sandbox'>>

async function runAll<Settings>(
  source: CodeSource<Settings>,
  request: SandboxRequest<Settings>,
  migrations: readonly Loaded[],
): Promise<readonly Recorded[]> {
  const connection = await connect(request.root, request.sandbox.url)
  const stage = await open(source, request, sandboxWire(connection, { recording: { queries: [] }, lineNow: () => undefined }))
  const answers: Recorded[] = []
  for (const migration of migrations) {
    await send({ kind: 'running', file: migration.file })
    const place = placeOf(migration, stage.opened)
    await stage.run(migration, { place, wire: sandboxWire(connection, place), always: false })
    answers.push(answer(migration, place.recording))
    if (!endedWell(place.recording) || migration.name === request.sandbox.until) break
  }
  await connection.end()
  return answers
}

/** The transaction is the parent's; whether the migration wants one does not matter, since it gets one. */
async function executeOne<Settings>(
  source: CodeSource<Settings>,
  request: CodeRequest<Settings>,
  migrations: readonly Loaded[],
): Promise<ChildAnswer> {
  const found = migrations.find((each) => each.name === request.execute)
  if (found === undefined) return { kind: 'executed', failure: { kind: 'failed', message: `${request.execute} is not there any more` } }
  if (found.failure !== undefined) return { kind: 'executed', failure: found.failure }
  const stage = await open(source, request, parentWire({ recording: { queries: [] }, lineNow: () => undefined }))
  const place = placeOf(found, stage.opened)
  await stage.run(found, { place, wire: parentWire(place), always: true })
  const { stopped } = place.recording
  return { kind: 'executed', ...(stopped === undefined ? {} : { failure: stopped }) }
}

/** How one migration is run. */
interface Scene {
  readonly place: Place
  readonly wire: Wire
  readonly always: boolean
}

interface Stage {
  readonly opened: Opened
  run(migration: Loaded, scene: Scene): Promise<void>
}

/** The ORM, opened over a driver whose statements go where the migration at work says; those before and after an `up` are the ORM's own. */
async function open<Settings>(source: CodeSource<Settings>, request: CodeRequest<Settings>, first?: Wire): Promise<Stage> {
  let send: Send = (first ?? nowhere({ recording: { queries: [] }, lineNow: () => undefined }, 0)).own
  const opened = await source.open(
    request,
    pgOver((sql, parameters) => send(sql, parameters)),
  )
  return {
    opened,
    async run(migration, { place, wire, always }) {
      const { recording } = place
      send = wire.own
      const act = async (handle: object): Promise<void> => {
        send = wire.code
        await runUp(migration, recording, handle)
        send = late(wire, recording)
        // What was issued and not awaited comes now.
        await new Promise((resolve) => setImmediate(resolve))
        if (!endedWell(recording)) throw new Stop('rolled back')
      }
      await opened.run(migration, act, always).catch((error: unknown) => (recording.stopped ??= failure(migration.file, error)))
    },
  }
}

/** The ORM ends its transaction; anything else would be lost, and in a deploy would run while the next migration does. */
function late({ own }: Wire, recording: Recording): Send {
  return (sql, parameters) => {
    if (!ofTransaction.test(sql))
      recording.stopped ??= { kind: 'failed', message: `issues SQL after its up has ended, so a promise is not awaited: ${oneLine(sql)}` }
    return own(sql, parameters)
  }
}

async function runUp(migration: Loaded, recording: Recording, handle: object): Promise<void> {
  try {
    await migration.up?.(handle)
  } catch (error) {
    recording.stopped ??= failure(migration.file, error)
  }
}

function placeOf({ file }: Loaded, opened: Opened | undefined): Place {
  const lineNow = (): number | undefined => opened?.lineNow?.(file) ?? lineIn(file, new Error('here').stack)
  return { recording: { queries: [] }, lineNow }
}

function answer(migration: Loaded, recording: Recording): Recorded {
  const { up: _up, failure: broke, ...told } = migration
  const stopped = broke ?? (endedWell(recording) ? undefined : recording.stopped)
  const statements = recording.queries.filter((query) => !query.touched)
  return {
    ...told,
    statements: statements.map(plain),
    assumptions: recording.queries.filter((query) => query.touched).map((query) => ({ ...plain(query), rows: query.rows })),
    counted: statements.flatMap((query, at) => (query.counted ? [at] : [])),
    ...(stopped === undefined ? {} : { stopped }),
    ...(recording.readsRows === undefined ? {} : { readsRows: recording.readsRows }),
  }
}

function plain(query: RecordedQuery): RecordedQuery {
  return { sql: query.sql, parameters: query.parameters, ...withLine(query.line) }
}

/** A migration that could not be loaded. */
export function failed(file: string, error: unknown): Loaded {
  return { file, name: '', history: {}, failure: typeof error === 'string' ? { kind: 'failed', message: error } : failure(file, error) }
}

function failure(file: string, error: unknown): Stopped {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const stack = error instanceof Error ? error.stack : undefined
  return { kind: 'failed', message, ...withLine(lineIn(file, stack)) }
}

/** The line of the innermost frame that lies in the user's file. */
export function lineIn(file: string, stack: string | undefined): number | undefined {
  for (const frame of stack?.split('\n') ?? []) {
    const place = /\(?((?:file:\/\/)?\/[^()]*):(\d+):\d+\)?\s*$/.exec(frame)
    const path = place?.[1]?.startsWith('file://') === true ? fileURLToPath(place[1]) : place?.[1]
    if (path === file) return Number(place?.[2])
  }
  return undefined
}

function send(message: ChildAnswer): Promise<void> {
  return new Promise((resolve, reject) => process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error))))
}
