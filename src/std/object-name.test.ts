import { expect, test } from 'vitest'
import { byteLength, clip, makeObjectName } from './object-name.ts'

test('names that fit are joined', () => {
  expect(makeObjectName('orders', 'customer_id', 'fkey')).toBe('orders_customer_id_fkey')
  expect(makeObjectName('orders', undefined, 'pkey')).toBe('orders_pkey')
})

test('the longer name is cut first, the second one where both are equal, to 63 bytes in all', () => {
  expect(makeObjectName('t'.repeat(63), 'c', 'idx')).toBe(`${'t'.repeat(57)}_c_idx`)
  expect(makeObjectName('t'.repeat(63), 'c'.repeat(63), 'fkey')).toBe(`${'t'.repeat(29)}_${'c'.repeat(28)}_fkey`)
})

test('no character is cut in two', () => {
  expect(makeObjectName('é'.repeat(31), undefined, 'pkey')).toBe(`${'é'.repeat(29)}_pkey`)
  expect(clip('aé😀', 3)).toBe('aé')
  expect(clip('aé😀', 6)).toBe('aé')
  expect(byteLength('aé😀')).toBe(7)
})
