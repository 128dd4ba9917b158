import { spawn } from 'node:child_process'
import { bundle } from './bundle.ts'
import type { ChildJob } from './backfill-child.ts'

const file = bundle('test/support/backfill-child.ts')

export interface WorkerProcess {
  /** What it said, line by line. */
  readonly lines: readonly string[]
  readonly send: (signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT') => void
  /** Once it has said so many of these; at once where it has ended. */
  readonly said: (line: string, times?: number) => Promise<void>
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly errors: string }>
}

/** A worker in a process of its own (backfill-child.ts). */
export async function startWorker(url: string, job: ChildJob): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [await file, url, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let [rest, errors, over] = ['', '', false]
  const look = (): void => waiting.forEach((each) => each())
  child.stdout.on('data', (text: Buffer) => {
    const parts = `${rest}${text.toString()}`.split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    look()
  })
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
  const ended: WorkerProcess['ended'] = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      over = true
      look()
      resolve({ code, signal, errors })
    })
  })
  const said = (line: string, times = 1): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!over && lines.filter((each) => each === line).length < times) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return { lines, send: (signal) => void child.kill(signal), said, ended }
}
