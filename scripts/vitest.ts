import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Counts } from './counting-reporter.ts'

export interface VitestRun {
  /** Filters and options as vitest takes them. */
  readonly args: readonly string[]
  /** Added to the environment of this process. */
  readonly env: { readonly [name: string]: string }
  /** Where the reporter leaves its counts. */
  readonly countsFile: string
  /** After which it is stopped and counts as failed. */
  readonly limitMs: number
}

export interface VitestResult {
  readonly counts: Counts
  /** 0 only where vitest says so and nothing failed; 130 or 143 after a signal. */
  readonly status: number
}

const root = fileURLToPath(new URL('..', import.meta.url))
const reporter = fileURLToPath(new URL('./counting-reporter.ts', import.meta.url))
const graceMs = 15_000

/** Runs vitest to its end, whatever that is: a crash, a signal and the time limit give counts too, with at least one failure. */
export async function runVitest(run: VitestRun): Promise<VitestResult> {
  rmSync(run.countsFile, { force: true })
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', `--reporter=${reporter}`, ...run.args]
  const env = { ...process.env, ...run.env, LOCKKEEPER_COUNTS: run.countsFile }
  const ended = await end(spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env }), run.limitMs)
  const counts = atLeastOneFailure(readCounts(run.countsFile), ended !== 0)
  return { counts, status: counts.failed > 0 && ended === 0 ? 1 : ended }
}

/** What the run of all tests ends in, for whoever reads only that. */
export function lastLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
}

/** The majors to test, from LOCKKEEPER_PG or its default; an Error where it is no list of majors between 13 and 18. */
export function versionsToTest(given: string | undefined, usual: string): readonly number[] {
  const versions = (given === undefined || given === '' ? usual : given).split(',').map((text) => Number(text.trim()))
  const wrong = versions.some((version) => !Number.isInteger(version) || version < 13 || version > 18)
  if (wrong) throw new Error(`LOCKKEEPER_PG is "${given}"; write majors between 13 and 18, as in LOCKKEEPER_PG=13,18`)
  return versions
}

/** Resolves with the exit status. A signal to us goes on to the child, which ends its workers; only then do we end. */
async function end(child: ChildProcess, limitMs: number): Promise<number> {
  let stopped = 0
  const stop = (status: number): void => {
    stopped ||= status
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), graceMs).unref()
  }
  const onInterrupt = (): void => stop(130)
  const onTerminate = (): void => stop(143)
  const late = setTimeout(() => {
    process.stderr.write(`the tests did not end within ${limitMs / 60_000} minutes and were stopped\n`)
    stop(1)
  }, limitMs)
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate)
  const status = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(1))
    child.once('exit', (code) => resolve(code ?? 1))
  })
  clearTimeout(late)
  process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate)
  return stopped || status
}

function readCounts(file: string): Counts {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Counts
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }
  }
}

function atLeastOneFailure(counts: Counts, broken: boolean): Counts {
  return broken && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}
