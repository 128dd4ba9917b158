import { createRequire } from 'node:module'
import { endedWell, issue, oneLine, watched, withLine, type Recording } from './_typeorm-recorder.ts'
import { readKind } from './_typeorm-reads.ts'
import type { Sandbox } from './_typeorm-protocol.ts'

/** The parts that we use of the user's own typeorm package. */
interface Runner {
  query(sql: string, parameters?: readonly unknown[], structured?: boolean): Promise<unknown>
  startTransaction(): Promise<void>
  commitTransaction(): Promise<void>
  rollbackTransaction(): Promise<void>
  release(): Promise<void>
  readonly isTransactionActive: boolean
}

interface Source {
  initialize(): Promise<unknown>
  destroy(): Promise<void>
  createQueryRunner(mode?: string): Runner
  query(sql: string): Promise<unknown>
}

export interface Place {
  readonly recording: Recording
  readonly inTransaction: boolean
  readonly lineNow: () => number | undefined
}

export interface OpenSandbox {
  /** Runs one `up` with a QueryRunner of TypeORM's that writes down what passes through it. */
  run(place: Place, up: (runner: object) => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** Opens the user's own TypeORM on the throw-away database. */
export async function openSandbox(root: string, sandbox: Sandbox): Promise<OpenSandbox> {
  const { DataSource } = createRequire(`${root}/package.json`)('typeorm') as { DataSource: new (options: object) => Source }
  const schema = sandbox.schema === undefined ? {} : { schema: sandbox.schema }
  const source = new DataSource({ type: 'postgres', url: sandbox.url, logging: false, ...schema })
  await source.initialize()
  if (sandbox.schema !== undefined) await source.query(`CREATE SCHEMA IF NOT EXISTS "${sandbox.schema.replaceAll('"', '""')}"`)
  const create = source.createQueryRunner.bind(source)
  return {
    async run(place, up) {
      // A query of the DataSource goes over a runner of its own, as it does in the user's deploy, and is heard too.
      source.createQueryRunner = (mode) => listenTo(create(mode), place)
      const runner = create()
      try {
        if (place.inTransaction) await runner.startTransaction()
        await up(listenTo(runner, place))
        await settle(runner, place)
      } finally {
        source.createQueryRunner = create
        await runner.release()
      }
    },
    close: () => source.destroy(),
  }
}

/** Commits unheard: the transaction around an `up` is TypeORM's, not the migration's. */
async function settle(runner: Runner, place: Place): Promise<void> {
  if (!runner.isTransactionActive) return
  const heard = place.recording.queries.length
  if (endedWell(place.recording)) await runner.commitTransaction()
  else await runner.rollbackTransaction()
  place.recording.queries.length = heard
}

function listenTo(runner: Runner, place: Place): Runner {
  const query = runner.query.bind(runner)
  runner.query = async (sql, parameters, structured) => {
    const issued = issue(place.recording, { sql, parameters: parameters ?? [], ...withLine(place.lineNow()) })
    const answer = await query(sql, parameters, structured)
    const kind = readKind(sql)
    if (kind === 'none' || typeof answer !== 'object' || answer === null) return answer
    return watched(answer, () => {
      if (kind === 'data') {
        place.recording.readsRows ??= { call: oneLine(sql), ...withLine(issued.line) }
        return
      }
      issued.touched = true
      issued.rows = rowsOf(answer)
    })
  }
  return runner
}

function rowsOf(answer: object): readonly unknown[] {
  if (Array.isArray(answer)) return answer
  return 'records' in answer && Array.isArray(answer.records) ? answer.records : []
}
