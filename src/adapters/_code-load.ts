import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { CodeRun, Files, LoadOptions } from '../model/adapter.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration, RowsRead } from '../model/migration.ts'
import { agreed } from './_code-agreed.ts'
import { inChild } from './_code-child.ts'
import { execute } from './_code-execute.ts'
import type { CodeRequest, Recorded } from './_code-protocol.ts'
import { placed, readText, sha256, unreadable, type Place } from './_files.ts'

/** Migrations that are code, and the child that runs them. */
export interface CodeProject {
  /** The source's child, by its path below src: `adapters/_typeorm-process.ts`. */
  readonly program: string
  readonly root: string
  /** As they are shown in messages, in any order. */
  readonly files: readonly string[]
  /** What the source's child wants to know beside that; plain data. */
  readonly settings: unknown
}

type Checked = (recorded: readonly Recorded[]) => void

/**
 * Learns what migrations issue by running them in a child process, twice (H5); those that ask a database are run again on two empty ones.
 * `check` is the source's own look at what was found. Throws `source-unreadable`, `source-needs-sandbox` and `source-nondeterministic`.
 */
export async function recordCode(project: CodeProject, options: LoadOptions, check?: Checked): Promise<readonly Recorded[]> {
  const request = requestOf(project)
  const pass = (count: number): Promise<readonly Recorded[]> => record({ ...request, count }, options.signal)
  const [first, second] = await Promise.all([pass(0), pass(1)])
  check?.(first)
  checkStopped(project, first)
  const told = first.map((each) => heedingCounts(project, each, second))
  const asking = told.filter((each) => each.stopped !== undefined)
  const last = asking.at(-1)
  return last === undefined ? told : askSandbox({ project, request, options }, told, last.name)
}

/** Runs one migration for good, each of its queries through the parent's `answer`. */
export async function executeCode(project: CodeProject, run: CodeRun): Promise<void> {
  await execute({ ...requestOf(project), execute: String(run.migration.history['name']) }, run)
}

/** A recording as a migration; `own` is what only its source knows. */
export async function codeMigration(
  files: Files,
  each: Recorded,
  own: Pick<Migration, 'id' | 'source' | 'file' | 'transaction'>,
): Promise<Migration> {
  const { bytes } = await readText(files, own.file)
  const { statements, assumptions, readsRows, history } = each
  return {
    ...own,
    checksum: sha256(bytes),
    body: { kind: 'recorded', bytes, statements, assumptions, ...(readsRows === undefined ? {} : { readsRows }) },
    history,
  }
}

/** The path for messages of a file that the child names absolutely. */
export function shownOf(project: CodeProject, file: string): string {
  return project.files.find((path) => resolve(project.root, path) === file) ?? file
}

function requestOf({ program, root, files, settings }: CodeProject): CodeRequest {
  return { program, root, files: files.map((path) => resolve(root, path)), settings }
}

function record(request: CodeRequest, signal: AbortSignal): Promise<readonly Recorded[]> {
  return inChild<readonly Recorded[]>(request, signal, (answer, { end }) => {
    if (answer.kind === 'done') end(answer.recorded)
  })
}

/** The two recordings differ in nothing but how many rows a change was said to have changed: code that does otherwise then asks the database. */
function heedingCounts(project: CodeProject, each: Recorded, second: readonly Recorded[]): Recorded {
  const at = differsAt(each, again(each, second))
  if (at === undefined) return each
  const asked = each.counted.findLast((index) => index < at)
  const query = asked === undefined ? undefined : each.statements[asked]
  if (query === undefined) throw otherSql(project, each, at)
  const line = query.line === undefined ? {} : { line: query.line }
  return { ...each, stopped: { kind: 'reads-data', call: `${query.sql.slice(0, 80)} (how many rows)`, ...line } }
}

interface Sandboxed {
  readonly project: CodeProject
  readonly request: CodeRequest
  readonly options: LoadOptions
}

/** Runs everything up to the last that asks the database on two fresh ones; what needed none keeps its first recording. */
async function askSandbox(
  { project, request, options }: Sandboxed,
  recorded: readonly Recorded[],
  until: string,
): Promise<readonly Recorded[]> {
  const asking = recorded.find((each) => each.stopped !== undefined)
  if (options.sandboxUrl === undefined) throw needsSandbox(project, asking)
  const urls = [await options.sandboxUrl(), await options.sandboxUrl()]
  if (urls[0] === urls[1]) throw new LockkeeperError('internal', 'The sandbox gave the same database twice.')
  const pass = (url: string): Promise<readonly Recorded[]> => record({ ...request, sandbox: { url, until } }, options.signal)
  const [first = [], second = []] = await Promise.all(urls.map(pass))
  checkStopped(project, first)
  checkSame(project, first, second)
  const asked = first.map((each) => withAgreed(project, each, second))
  return recorded.map((each) => (each.stopped === undefined ? each : fromSandbox(each, asked)))
}

/** A count of rows is read unseen, so that it was read is known from without the database alone. */
function fromSandbox(each: Recorded, asked: readonly Recorded[]): Recorded {
  const found = again(each, asked)
  if (found === undefined || each.stopped?.kind !== 'reads-data') return found ?? each
  const { call, line } = each.stopped
  const readsRows: RowsRead = { call, ...(line === undefined ? {} : { line }) }
  return { readsRows, ...found }
}

function withAgreed(project: CodeProject, each: Recorded, second: readonly Recorded[]): Recorded {
  const assumptions = agreed(each.assumptions, again(each, second)?.assumptions ?? [])
  if (assumptions !== undefined) return { ...each, assumptions }
  throw nondeterministic({ file: shownOf(project, each.file) }, 'read the catalog in another way when it was run a second time')
}

function needsSandbox(project: CodeProject, each: Recorded | undefined): LockkeeperError {
  const stopped = each?.stopped
  const line = stopped?.line
  const file = each === undefined ? project.root : shownOf(project, each.file)
  const call = stopped === undefined || stopped.kind === 'failed' ? 'a query' : stopped.call
  const place = placed({ file, ...(line === undefined ? {} : { line }) })
  return new LockkeeperError('source-needs-sandbox', `${place} asks the database: ${call}.`, {
    details: { file: each?.file, line, call },
  })
}

function checkStopped(project: CodeProject, recorded: readonly Recorded[]): void {
  for (const { stopped, file } of recorded) {
    if (stopped?.kind !== 'failed') continue
    const place = { file: shownOf(project, file), ...(stopped.line === undefined ? {} : { line: stopped.line }) }
    throw unreadable(place, `cannot be run: ${stopped.message.replace(/\.$/, '')}`)
  }
}

function checkSame(project: CodeProject, first: readonly Recorded[], second: readonly Recorded[]): void {
  for (const each of first) {
    const at = differsAt(each, again(each, second))
    if (at !== undefined) throw otherSql(project, each, at)
  }
}

function again(each: Recorded, second: readonly Recorded[]): Recorded | undefined {
  return second.find((other) => other.name === each.name && other.file === each.file)
}

/** The index of the first statement that the second run did not issue so; the number of all where it is the end that differs. */
function differsAt(each: Recorded, other: Recorded | undefined): number | undefined {
  const at = each.statements.findIndex((statement, index) => !isDeepStrictEqual(statement, other?.statements[index]))
  if (at >= 0) return at
  const alike =
    other !== undefined &&
    other.statements.length === each.statements.length &&
    isDeepStrictEqual([each.stopped, each.readsRows], [other.stopped, other.readsRows])
  return alike ? undefined : each.statements.length
}

function otherSql(project: CodeProject, each: Recorded, at: number): LockkeeperError {
  const line = each.statements[at]?.line
  const place = { file: shownOf(project, each.file), ...(line === undefined ? {} : { line }) }
  return nondeterministic(place, 'issued other SQL when it was run a second time')
}

function nondeterministic(place: Place, what: string): LockkeeperError {
  return new LockkeeperError('source-nondeterministic', `${placed(place)} ${what}.`, { details: { ...place } })
}
