import { expect, it } from 'vitest'
import { hazards } from '../postgres/hazards/index.ts'
import { peerRules } from './peer-rules.ts'

it('means rules of ours that exist', () => {
  const known = hazards.map(({ id }) => id)
  expect(
    Object.values(peerRules)
      .flatMap((table) => Object.values(table).flat())
      .filter((rule) => !known.includes(rule)),
  ).toEqual([])
})
