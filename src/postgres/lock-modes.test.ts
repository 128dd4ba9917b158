import { expect, test } from 'vitest'
import { lockModes } from '../model/facts.ts'
import { conflictingModes, lockModeOf, lockStrength, modesConflict, strongerMode, tableLock } from './lock-modes.ts'

test('a conflict goes both ways, for each of the 64 pairs', () => {
  for (const a of lockModes) for (const b of lockModes) expect(modesConflict(a, b), `${a} / ${b}`).toBe(modesConflict(b, a))
})

test('each mode conflicts with as many modes as the manual says', () => {
  expect(lockModes.map((mode) => conflictingModes(mode).length)).toEqual([1, 2, 4, 5, 5, 6, 7, 8])
})

test('four modes can be held by two sessions at once, SHARE among them and SHARE UPDATE EXCLUSIVE not', () => {
  expect(lockModes.filter((mode) => !modesConflict(mode, mode))).toEqual(['ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE'])
})

test('reads wait for ACCESS EXCLUSIVE alone, writes for SHARE and whatever is stronger', () => {
  const locks = lockModes.map((mode) => tableLock('public.a', mode))
  expect(locks.filter((lock) => lock.blocksReads).map((lock) => lock.mode)).toEqual(['ACCESS EXCLUSIVE'])
  expect(locks.filter((lock) => lock.blocksWrites).map((lock) => lock.mode)).toEqual([
    'SHARE',
    'SHARE ROW EXCLUSIVE',
    'EXCLUSIVE',
    'ACCESS EXCLUSIVE',
  ])
})

test('the stronger of two modes is the one with the higher number', () => {
  expect(strongerMode('SHARE', 'SHARE UPDATE EXCLUSIVE')).toBe('SHARE')
  expect(strongerMode('ROW SHARE', 'ACCESS EXCLUSIVE')).toBe('ACCESS EXCLUSIVE')
  expect(lockStrength('ACCESS SHARE')).toBe(1)
})

test('names of pg_locks are read as the names of the manual', () => {
  expect(lockModeOf('ShareUpdateExclusiveLock')).toBe('SHARE UPDATE EXCLUSIVE')
  expect(lockModeOf('AccessShareLock')).toBe('ACCESS SHARE')
  expect(lockModeOf('SIReadLock')).toBeUndefined()
})
