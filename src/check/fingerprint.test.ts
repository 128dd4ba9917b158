import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fingerprintOf, normalised } from './fingerprint.ts'

it('leaves out what a formatter changes, and nothing inside quotes', () => {
  const one = `ALTER TABLE  "A b"\n  -- why\n  ADD c text DEFAULT 'X  -- y' /* z */ , ADD d int`
  expect(normalised(one)).toBe(`alter table "A b" add c text default 'X  -- y' , add d int`)
  expect(normalised('DO $x$ A  B $x$')).toBe('do $x$ A  B $x$')
  expect(normalised(`select a - b / c, 'it''s  so'`)).toBe(`select a - b / c, 'it''s  so'`)
})

it('reads a statement without quotes and comments as it reads the same one beside a string', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-zÄΣİß\s.:;,()=<>/*-]{0,40}$/), (sql) => {
      fc.pre(!/--|\/\*/.test(sql))
      expect(normalised(`x${sql}x ''`)).toBe(`${normalised(`x${sql}x`)} ''`)
    }),
    { seed: 7 },
  )
})

it('is the same for the same statement of a migration, and another for another one', () => {
  const print = fingerprintOf('1_a', 'DROP TABLE a')
  expect(fingerprintOf('1_a', '/* moved */ drop   table A')).toBe(print)
  expect(fingerprintOf('1_a', 'DROP TABLE "A"')).not.toBe(print)
  expect(fingerprintOf('2_a', 'DROP TABLE a')).not.toBe(print)
})

it('takes time that grows with the text, not with its square', () => {
  const started = performance.now()
  normalised(`select ${'$a$ '.repeat(2_001)}`)
  normalised(`insert into t values ${"('x', 1), ".repeat(10_000)}`)
  expect(performance.now() - started).toBeLessThan(3000)
})
