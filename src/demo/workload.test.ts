import { describe, expect, it } from 'vitest'
import { drawValues, randomFrom } from './workload.ts'

describe('random values of a workload', () => {
  it('are the same for the same seed and others for another', () => {
    expect(take(1)).toEqual(take(1))
    expect(take(1)).not.toEqual(take(2))
  })

  it('spread evenly over the whole numbers asked for, both ends included', () => {
    const random = randomFrom(7)
    const counts = new Map<unknown, number>()
    for (let index = 0; index < 30_000; index += 1) {
      const [value] = drawValues([{ from: 1, to: 3 }], random)
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    expect(new Set(counts.keys())).toEqual(new Set([1, 2, 3]))
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('take one of the values listed', () => {
    const random = randomFrom(7)
    const seen = new Set(Array.from({ length: 100 }, () => drawValues([{ oneOf: ['paid', 'packed'] }], random)[0]))
    expect(seen).toEqual(new Set(['packed', 'paid']))
  })
})

function take(seed: number): readonly number[] {
  const random = randomFrom(seed)
  return [random(), random(), random()]
}
