import { expect, test } from 'vitest'
import type { Work } from './plan.ts'
import { walkText, workText } from './work-text.ts'

const copy: Work = {
  kind: 'insert',
  relation: 'public.a',
  target: 'public.b',
  into: 'INSERT INTO public.b (x)',
  select: 'a.x',
  where: 'true',
  conflict: 'ON CONFLICT DO NOTHING',
  falsifies: false,
}

test.each<[Work, string]>([
  [{ kind: 'update', relation: 't', set: 'a = 1', where: 'a IS NULL', falsifies: true }, 'UPDATE t SET a = 1 WHERE a IS NULL'],
  [{ kind: 'delete', relation: 't', where: 'a = 1', falsifies: true }, 'DELETE FROM t WHERE a = 1'],
  [copy, 'INSERT INTO public.b (x) SELECT a.x FROM public.a WHERE true ON CONFLICT DO NOTHING'],
  [{ ...copy, conflict: '' }, 'INSERT INTO public.b (x) SELECT a.x FROM public.a WHERE true'],
  [
    { kind: 'code', relation: 't', where: 'a IS NULL', falsifies: true, module: 'm.ts', export: 'fill', hash: 'h' },
    'SELECT * FROM t WHERE a IS NULL',
  ],
])('the work %j is told as one statement', (work, text) => {
  expect(workText(work)).toBe(text)
})

test('a walk says in which order it goes', () => {
  const key = { by: 'key', columns: ['a', 'b'], types: ['integer', 'text'] } as const
  expect(walkText(key)).toBe('by ranges of a, b')
  expect(walkText({ ...key, descending: true })).toBe('by ranges of a, b, the last first')
  expect(walkText({ by: 'pages' })).toBe('by heap pages')
})
