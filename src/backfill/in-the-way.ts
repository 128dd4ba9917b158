import { describeBlocker } from '../model/blocker-text.ts'
import { sleep } from '../std/sleep.ts'
import type { Walker } from './walker.ts'

/** A transaction of an application has usually ended by then. */
const patienceMs = 1_000
/** Of the time that a batch waits for a row. */
const lookAfterMs = 10

/** Runs a batch; where it has got nowhere for a while, looks over the control session who has locked what it waits for, and says so. */
export async function seeingWho<T>(walker: Walker, run: () => Promise<T>): Promise<T> {
  if (walker.standsMs < patienceMs) return await run()
  const running = run()
  running.catch(() => undefined) // it is waited for below
  await sleep(lookAfterMs, walker.job.signal).catch(() => undefined)
  const [first] = await walker.job.control.inTheWay(walker.job.session.pid).catch(() => [])
  if (first !== undefined) walker.sees(describeBlocker(first))
  return await running
}
