import { expect, test } from 'vitest'
import type { BackfillStep } from '../model/plan.ts'
import { stepText } from './step.ts'

const step: BackfillStep = {
  kind: 'backfill',
  id: '1-x',
  title: 'fill t',
  phase: 'backfill',
  hazards: [],
  undo: { kind: 'free' },
  work: { kind: 'code', relation: 'public.t', where: 'a IS NULL', falsifies: true, module: 'fill.ts', export: 'fill', hash: 'h' },
  walk: { by: 'key', columns: ['id'], types: ['bigint'], descending: true },
  batchTargetMs: 15,
}
const style = { color: false, width: 200 }

test('a step of code names the module, its export and the rows that it is given', () => {
  expect(stepText(style, step, '1')).toBe(`  1 fill t [backfill]
     many small transactions by ranges of id, the last first; each holds its row locks about 15 ms
     fill() of fill.ts is given these rows:
       SELECT * FROM public.t WHERE a IS NULL;`)
})
