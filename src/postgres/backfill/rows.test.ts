import { describe, expect, test } from 'vitest'
import { chunkOf, definitionOf, partOf, share } from './rows.ts'

const chunk = { id: 7n, fence: 2, relation: 'public.t', oid: 16384, after: null, up_to: [16], alone: false }

describe('a row of a chunk or a part', () => {
  test('comes back as it was written', () => {
    expect(chunkOf({ ...chunk, after: ['12', 'x'], up_to: ['99', 'y'] })).toEqual({
      id: 7,
      fence: 2,
      relation: 'public.t',
      relationOid: 16384,
      after: ['12', 'x'],
      upTo: ['99', 'y'],
      alone: false,
    })
    expect(partOf({ relation: 'public.t', oid: 1, cut: null, bound: [64] })).toEqual({
      relation: 'public.t',
      relationOid: 1,
      cut: null,
      bound: [64],
    })
  })

  test.each([
    ['a place that is no list', { after: { a: 1 } }, 'after'],
    ['a place of no plain values', { up_to: [[1]] }, 'upTo.0'],
    ['no end', { up_to: null }, 'upTo'],
  ])('with %s is refused, by chunk and place', (_, change, place) => {
    expect(() => chunkOf({ ...chunk, ...change })).toThrow(new RegExp(`chunk 7: ${place}`))
  })

  test('a definition without its work is refused', () => {
    expect(() => definitionOf({ walk: { by: 'pages' }, batchTargetMs: 15, triggers: 'fire' }, 'fill')).toThrow(
      /the definition of fill: work is/,
    )
  })
})

test('numbers and uuids tell how far they are; text does not', () => {
  expect(share([25], [100])).toBe(0.25)
  expect(share(['500'], ['1000'])).toBe(0.5)
  expect(share(['80000000-0000-4000-8000-000000000000'], ['ffffffff-ffff-4fff-bfff-ffffffffffff'])).toBeCloseTo(0.5, 3)
  expect(share(['b'], ['z'])).toBeUndefined()
  expect(share(null, ['z'])).toBe(0)
})
