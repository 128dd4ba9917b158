import { expect, it } from 'vitest'
import type { FleetRules, TargetState } from '../model/fleet.ts'
import type { Placed } from './waves.ts'
import { nextMove, placeInWaves, tally } from './waves.ts'

const rules = (canary: number, wave: number, budget = 0): FleetRules => ({
  canary,
  wave: { unit: 'targets', amount: wave },
  budget: { unit: 'targets', amount: budget },
})
const fresh = (n: number): readonly Placed[] =>
  Array.from({ length: n }, (_, at) => ({ name: `db-${at}`, state: 'pending', queued: false, attempts: 0 }))
const inState = (wave: number, state: TargetState | 'queued', name = `${wave}-${state}`) => ({
  name,
  wave,
  state: state === 'queued' ? ('pending' as const) : state,
  queued: state === 'queued',
  attempts: state === 'pending' || state === 'queued' ? 0 : 1,
})

it('canaries go first, then waves of the size asked for, the last one shorter', () => {
  expect([...placeInWaves(fresh(8), rules(2, 3)).values()]).toEqual([0, 0, 1, 1, 1, 2, 2, 2])
  expect([...placeInWaves(fresh(4), rules(0, 3)).values()]).toEqual([1, 1, 1, 2])
  expect([...placeInWaves(fresh(2), rules(5, 3)).values()]).toEqual([0, 0])
})

it('a percentage is of all targets, and never less than one', () => {
  const tenth: FleetRules = { ...rules(1, 1), wave: { unit: 'percent', amount: 10 } }
  const waves = [...placeInWaves(fresh(50), tenth).values()]
  expect([waves.filter((wave) => wave === 1).length, Math.max(...waves)]).toEqual([5, 10])
  expect([...placeInWaves(fresh(3), tenth).values()]).toEqual([0, 1, 2])
})

it('what has begun keeps its wave, and what is new comes behind it', () => {
  const begun = [inState(0, 'done', 'a'), inState(1, 'done', 'b'), inState(1, 'queued', 'c'), inState(2, 'pending', 'd')]
  const more = [...begun, { name: 'new', state: 'pending' as const, queued: false, attempts: 0 }]
  expect(Object.fromEntries(placeInWaves(more, rules(1, 2)))).toEqual({ a: 0, b: 1, c: 1, d: 2, new: 2 })
})

it('a failed target that is pending again stays in its wave, and one that is skipped opens no wave', () => {
  const rows: readonly Placed[] = [
    inState(0, 'done', 'a'),
    { ...inState(1, 'pending', 'again'), attempts: 1 },
    inState(9, 'skipped', 'gone'),
    inState(2, 'pending', 'b'),
    { name: 'new', state: 'pending', queued: false, attempts: 0 },
  ]
  expect(Object.fromEntries(placeInWaves(rows, rules(1, 1)))).toEqual({ a: 0, again: 1, gone: 9, b: 2, new: 3 })
})

it('a wave opens only when the one before it has ended', () => {
  const of = (...rows: readonly ReturnType<typeof inState>[]) => nextMove(tally(rows), rules(1, 2))
  expect(of(inState(0, 'pending'), inState(1, 'pending'))).toEqual({ kind: 'open', wave: 0 })
  expect(of(inState(0, 'queued'), inState(1, 'pending'))).toEqual({ kind: 'take', wave: 0 })
  expect(of(inState(0, 'running'), inState(1, 'pending'))).toEqual({ kind: 'wait', wave: 0 })
  expect(of(inState(0, 'done'), inState(1, 'pending'))).toEqual({ kind: 'open', wave: 1 })
  expect(of(inState(0, 'skipped'), inState(1, 'done'))).toEqual({ kind: 'end' })
})

it('the budget is for all waves together, and the canaries have none', () => {
  const rows = [inState(0, 'done'), inState(1, 'failed'), inState(2, 'pending')]
  expect(nextMove(tally(rows), rules(1, 1, 0))).toEqual({ kind: 'stop', why: 'budget', failed: 1, budget: 0 })
  expect(nextMove(tally(rows), rules(1, 1, 1))).toEqual({ kind: 'open', wave: 2 })
  const second = [...rows, inState(1, 'failed', 'another')]
  expect(nextMove(tally(second), rules(1, 1, 1))).toMatchObject({ kind: 'stop', failed: 2 })
  const third: FleetRules = { ...rules(1, 1), budget: { unit: 'percent', amount: 34 } }
  expect(nextMove(tally(rows), third)).toMatchObject({ kind: 'open' })
  expect(nextMove(tally([inState(0, 'failed'), inState(1, 'pending')]), rules(1, 1, 5))).toMatchObject({ kind: 'stop', why: 'canary' })
})

it('a fleet whose last wave has ended is at its end, failures and all', () => {
  expect(nextMove(tally([inState(0, 'done'), inState(1, 'failed')]), rules(1, 1, 0))).toEqual({ kind: 'end' })
})
