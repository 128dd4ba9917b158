import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PersistentMap } from './persistent-map.ts'

test('holds what a Map holds after any run of puts and removals, in the order of its keys, and older versions stay as they were', () => {
  const step = fc.tuple(fc.boolean(), fc.string({ maxLength: 2 }), fc.integer())
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const model = new Map<string, number>()
      let map = PersistentMap.from<number>([])
      const versions = steps.map(([put, key, value]) => {
        const before = { map, entries: [...map] }
        if (put) model.set(key, value)
        else model.delete(key)
        map = put ? map.with(key, value) : map.without(key)
        return before
      })
      expect([...map]).toEqual([...model].toSorted(([one], [other]) => (one < other ? -1 : 1)))
      expect(map.size).toBe(model.size)
      for (const [key, value] of model) expect(map.get(key)).toBe(value)
      for (const { map: old, entries } of versions) expect([...old]).toEqual(entries)
    }),
    { seed: 7 },
  )
})

test('tells what came since an older version', () => {
  const step = fc.tuple(fc.boolean(), fc.string({ maxLength: 2 }), fc.integer({ min: 0, max: 3 }))
  fc.assert(
    fc.property(fc.array(step), fc.array(step), (first, later) => {
      const play = (start: PersistentMap<number>, steps: typeof first) =>
        steps.reduce((map, [put, key, value]) => (put ? map.with(key, value) : map.without(key)), start)
      const older = play(PersistentMap.from([]), first)
      const newer = play(older, later)
      expect(newer.since(older)).toEqual([...newer].filter(([key, value]) => !older.has(key) || older.get(key) !== value))
    }),
    { seed: 7 },
  )
})

test('stays shallow for names that differ only in a number', () => {
  let map = PersistentMap.from<number>([])
  const start = performance.now()
  for (let at = 0; at < 20_000; at += 1) map = map.with(`public.table_${at}`, at)
  expect(map.size).toBe(20_000)
  // A list instead of a tree would take minutes.
  expect(performance.now() - start).toBeLessThan(3_000)
})
