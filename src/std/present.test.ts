import { expect, it } from 'vitest'
import { present } from './present.ts'

it('leaves out what is undefined, and nothing else', () => {
  expect(Object.keys(present({ a: 1, b: undefined, c: null, d: '', e: false }))).toEqual(['a', 'c', 'd', 'e'])
})
