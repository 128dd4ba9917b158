import { expect, test } from 'vitest'
import { Rate } from './_rate.ts'

test('a rate is the mean of the last ten seconds, and none where there is one reading in them', () => {
  const rate = new Rate()
  expect(rate.add({ ms: 0, bytes: 1_000_000 })).toBeUndefined()
  expect(rate.add({ ms: 500, bytes: 1_000_100 })).toEqual({ perSecond: 200, seconds: 0.5 })
  expect(rate.add({ ms: 10_500, bytes: 1_000_300 })).toEqual({ perSecond: 20, seconds: 10 })
  expect(rate.add({ ms: 60_000, bytes: 9_000_000 })).toBeUndefined()
})

test('a writer that stops at the limit and goes on below it settles at the limit', () => {
  const rate = new Rate()
  let bytes = 0
  for (let ms = 0; ms < 60_000; ms += 500) if ((rate.add({ ms, bytes })?.perSecond ?? Infinity) < 50) bytes += 100
  expect(bytes / 60).toBeGreaterThan(45)
  expect(bytes / 60).toBeLessThan(55)
})
