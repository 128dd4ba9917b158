import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Reading, Throttle } from '../model/throttle.ts'
import { openHold } from './hold.ts'

const never = new AbortController().signal

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A throttle that says what its `says` says, and counts how often it was asked. */
function fake(id: string, says: () => Reading | Promise<Reading>, everyMs = 1_000): Throttle & { asked: number } {
  const throttle = {
    id,
    everyMs,
    asked: 0,
    read: async () => {
      throttle.asked += 1
      return await says()
    },
  }
  return throttle
}

const calm = (): Reading => ({ load: 0.9, reason: 'little to do' })
const silent = (): Promise<Reading> => new Promise(() => undefined)

describe('a hold', () => {
  test('lets go where there is no throttle, and where each is below 1', async () => {
    expect(await openHold([]).ask(never)).toBeUndefined()
    expect(await openHold([fake('a', calm), fake('b', calm)]).ask(never)).toBeUndefined()
  })

  test('holds from 1 on, and tells of the worst with its id first', async () => {
    const hold = openHold([
      fake('a', () => ({ load: 1, reason: 'busy' })),
      fake('b', () => ({ load: 3, reason: 'far behind' })),
      fake('c', calm),
    ])
    expect(await hold.ask(never)).toEqual({ load: 3, reason: 'b: far behind' })
    expect(await openHold([fake('a', () => ({ load: 1, reason: 'busy' }))]).ask(never)).toEqual({ load: 1, reason: 'a: busy' })
  })

  test('asks each at most every everyMs, and lets go when the next reading does', async () => {
    let load = 2
    const [slow, quick] = [fake('slow', calm, 10_000), fake('quick', () => ({ load, reason: 'queue' }), 200)]
    const hold = openHold([slow, quick])
    expect((await hold.ask(never))?.reason).toBe('quick: queue')
    load = 0
    vi.advanceTimersByTime(199)
    expect((await hold.ask(never))?.reason).toBe('quick: queue')
    expect([slow.asked, quick.asked]).toEqual([1, 1])
    vi.advanceTimersByTime(1)
    expect(await hold.ask(never)).toBeUndefined()
    expect([slow.asked, quick.asked]).toEqual([1, 2])
  })

  test('keeps time by the clock that it is given', async () => {
    let now = 0
    const throttle = fake('a', calm)
    const hold = openHold([throttle], { now: () => now })
    await hold.ask(never)
    vi.advanceTimersByTime(60_000)
    await hold.ask(never)
    expect(throttle.asked).toBe(1)
    now = 1_000
    await hold.ask(never)
    expect(throttle.asked).toBe(2)
  })

  test('holds where a throttle throws or gives no number, by its name', async () => {
    const broken = fake('replica-lag', () => Promise.reject(new Error('the connection was lost')))
    expect(await openHold([broken]).ask(never)).toEqual({ load: 1, reason: 'replica-lag cannot be read: the connection was lost' })
    const nothing = fake('wal-rate', () => ({ load: Number.NaN, reason: 'no rate' }))
    expect(await openHold([fake('a', calm), nothing]).ask(never)).toEqual({ load: 1, reason: 'wal-rate gave no number: no rate' })
  })

  test('holds where a throttle does not answer, does not ask it again meanwhile, and does not wait for it again', async () => {
    let answer: (reading: Reading) => void = () => undefined
    const hung = fake('http', () => new Promise<Reading>((resolve) => (answer = resolve)))
    const other = fake('other', calm)
    const hold = openHold([hung, other])
    const first = hold.ask(never)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await first).toEqual({ load: 1, reason: 'http gave no answer in 5 s' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await hold.ask(never))?.reason).toBe('http gave no answer in 5 s')
    expect([hung.asked, other.asked]).toEqual([1, 2])
    answer(calm())
    await vi.advanceTimersByTimeAsync(0)
    const next = hold.ask(never)
    answer(calm())
    expect(await next).toBeUndefined()
    expect(hung.asked).toBe(2)
  })

  test('asks those that are due at once, and once for all workers who ask meanwhile', async () => {
    const answers: (() => void)[] = []
    const slow = (): Promise<Reading> => new Promise((resolve) => answers.push(() => resolve(calm())))
    const both = [fake('a', slow), fake('b', slow)] as const
    const hold = openHold(both)
    const asked = [hold.ask(never), hold.ask(never)]
    expect(both.map((each) => each.asked)).toEqual([1, 1])
    answers.forEach((each) => each())
    expect(await Promise.all(asked)).toEqual([undefined, undefined])
    expect(both.map((each) => each.asked)).toEqual([1, 1])
  })

  test('stops to wait when the signal fires, and leaves no timer behind an answer', async () => {
    const stop = new AbortController()
    const asked = openHold([fake('a', silent)]).ask(stop.signal)
    stop.abort(new Error('stopped'))
    await expect(asked).rejects.toThrow('stopped')
    await expect(openHold([fake('a', calm)]).ask(stop.signal)).rejects.toThrow('stopped')
    vi.clearAllTimers()
    await openHold([fake('a', calm)]).ask(never)
    expect(vi.getTimerCount()).toBe(0)
  })
})
