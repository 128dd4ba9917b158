import { fileURLToPath } from 'node:url'
import type { Jiti } from 'jiti'
import { moduleLoader } from './_typeorm-modules.ts'
import { withRunner } from './_typeorm-runner.ts'
import type { Execute, RecordAnswer, RecordedClass, RecordedQuery, RecordRequest, Stopped } from './_typeorm-protocol.ts'
import { endedWell, recorder, withLine, type Recording } from './_typeorm-recorder.ts'
import { openSandbox } from './_typeorm-sandbox.ts'

// The child that runs the user's migrations: started by _typeorm-record.ts, which sends one request and reads answers.
Error.stackTraceLimit = 100
process.once('message', (request) => void main(request as RecordRequest))
process.once('disconnect', () => process.exit(0))

async function main(request: RecordRequest): Promise<void> {
  const jiti = moduleLoader(request.root)
  const classes = (await Promise.all(request.files.map((file) => load(jiti, file)))).flat()
  const ordered = classes.toSorted((a, b) => a.timestamp - b.timestamp)
  if (request.execute === undefined) {
    const recorded = request.sandbox === undefined ? await recordAll(ordered) : await runAll(request, ordered)
    await send({ kind: 'done', classes: recorded })
  } else await executeOne(request.root, request.execute, ordered)
  process.exit(0)
}

/** The transaction is the parent's; whether the class wants one does not matter, since it gets one. */
async function executeOne(root: string, wanted: Execute, classes: readonly Loaded[]): Promise<void> {
  const found = classes.find((each) => each.name === wanted.name)
  const failure = found === undefined ? { kind: 'failed' as const, message: `${wanted.name} is not there any more` } : found.failure
  const recording: Recording = { queries: [], ...(failure === undefined ? {} : { stopped: failure }) }
  if (found !== undefined && failure === undefined) {
    const lineNow = (): number | undefined => lineIn(found.file, new Error('here').stack)
    await withRunner(root, { ...wanted, lineNow }, (runner) => runUp(found, recording, runner))
  }
  await send({ kind: 'executed', ...(recording.stopped === undefined ? {} : { failure: recording.stopped }) })
}

interface Loaded {
  readonly file: string
  readonly name: string
  readonly timestamp: number
  readonly transaction?: boolean
  readonly up?: (runner: object) => Promise<unknown>
  readonly failure?: Stopped
}

async function load(jiti: Jiti, file: string): Promise<readonly Loaded[]> {
  try {
    const module = await jiti.import(file)
    const found = [...new Set(exported(module))].map((each) => instantiate(file, each))
    return found.length > 0 ? found : [broken(file, { kind: 'failed', message: 'exports no class with a method up' })]
  } catch (error) {
    return [broken(file, failure(file, error))]
  }
}

type MigrationClass = new () => { readonly name?: unknown; readonly transaction?: unknown; up(runner: object): Promise<unknown> }

/** As TypeORM's loader: exported classes, and those in exported lists and objects. */
function exported(value: unknown, depth = 0): readonly MigrationClass[] {
  if (typeof value === 'function') {
    const prototype = value.prototype as { up?: unknown } | undefined
    if (typeof prototype?.up === 'function') return [value as MigrationClass]
  }
  if (depth > 2 || value === null || (typeof value !== 'object' && typeof value !== 'function')) return []
  return Object.values(value).flatMap((inner) => exported(inner, depth + 1))
}

function instantiate(file: string, made: MigrationClass): Loaded {
  try {
    const instance = new made()
    const name = typeof instance.name === 'string' ? instance.name : made.name
    const transaction = typeof instance.transaction === 'boolean' ? { transaction: instance.transaction } : {}
    return { file, name, timestamp: Number.parseInt(name.slice(-13), 10), ...transaction, up: async (runner) => instance.up(runner) }
  } catch (error) {
    return broken(file, failure(file, error))
  }
}

function broken(file: string, why: Stopped): Loaded {
  return { file, name: '', timestamp: Number.NaN, failure: why }
}

async function recordAll(classes: readonly Loaded[]): Promise<readonly RecordedClass[]> {
  const answers: RecordedClass[] = []
  for (const each of classes) {
    await send({ kind: 'running', file: each.file })
    const recording: Recording = { queries: [] }
    await runUp(
      each,
      recording,
      recorder(recording, () => lineIn(each.file, new Error('here').stack)),
    )
    answers.push(answer(each, recording))
  }
  return answers
}

async function runAll(request: RecordRequest, classes: readonly Loaded[]): Promise<readonly RecordedClass[]> {
  const answers: RecordedClass[] = []
  if (request.sandbox === undefined) return answers
  const sandbox = await openSandbox(request.root, request.sandbox)
  for (const each of classes) {
    await send({ kind: 'running', file: each.file })
    const recording: Recording = { queries: [] }
    const inTransaction = each.transaction ?? request.sandbox.inTransaction
    const place = { recording, inTransaction, lineNow: () => lineIn(each.file, new Error('here').stack) }
    await sandbox.run(place, (runner) => runUp(each, recording, runner))
    answers.push(answer(each, recording))
    if (!endedWell(recording) || each.name === request.sandbox.until) break
  }
  await sandbox.close()
  return answers
}

async function runUp(each: Loaded, recording: Recording, runner: object): Promise<void> {
  try {
    await each.up?.(runner)
  } catch (error) {
    recording.stopped ??= failure(each.file, error)
  }
}

function answer(each: Loaded, recording: Recording): RecordedClass {
  const { up: _up, failure: broke, ...told } = each
  const stopped = broke ?? (endedWell(recording) ? undefined : recording.stopped)
  return {
    ...told,
    statements: recording.queries.filter((query) => !query.touched).map(plain),
    assumptions: recording.queries.filter((query) => query.touched).map((query) => ({ ...plain(query), rows: query.rows })),
    ...(stopped === undefined ? {} : { stopped }),
    ...(recording.readsRows === undefined ? {} : { readsRows: recording.readsRows }),
  }
}

function plain(query: RecordedQuery): RecordedQuery {
  return { sql: query.sql, parameters: query.parameters, ...withLine(query.line) }
}

function failure(file: string, error: unknown): Stopped {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const stack = error instanceof Error ? error.stack : undefined
  return { kind: 'failed', message, ...withLine(lineIn(file, stack)) }
}

/** The line of the innermost frame that lies in the user's file. */
function lineIn(file: string, stack: string | undefined): number | undefined {
  for (const frame of stack?.split('\n') ?? []) {
    const place = /\(?((?:file:\/\/)?\/[^()]*):(\d+):\d+\)?\s*$/.exec(frame)
    const path = place?.[1]?.startsWith('file://') === true ? fileURLToPath(place[1]) : place?.[1]
    if (path === file) return Number(place?.[2])
  }
  return undefined
}

function send(message: RecordAnswer): Promise<void> {
  return new Promise((resolve, reject) => process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error))))
}
