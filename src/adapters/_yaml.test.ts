import { expect, test } from 'vitest'
import { parseYaml } from './_yaml.ts'

test('says the line of what stands at a path, or of the nearest above it', () => {
  const { lineOf } = parseYaml('x.yaml', 'a: 1\nlist:\n  - b: 2\n  - c: 3\n')
  expect([lineOf(['a']), lineOf(['list', 1, 'c']), lineOf(['list', 1, 'd']), lineOf(['list', 2]), lineOf(['e'])]).toEqual([1, 4, 4, 3, 1])
})

test('a key that is a number, true or nothing is found by its text', () => {
  const { value, lineOf } = parseYaml('x.yaml', 'a: 1\n7: 2\n: 3\ntrue: 4\n')
  expect(value).toEqual({ 'a': 1, '7': 2, '': 3, 'true': 4 })
  expect([lineOf(['7']), lineOf(['']), lineOf(['true'])]).toEqual([2, 3, 4])
})

test.each([
  ['[', ']'],
  ['{"a":', '}'],
  ['- ', ''],
  ['? ', ''],
])('refuses %j within itself a thousand times, and more, with the line', (open, close) => {
  for (const levels of [1000, 100_000])
    expect(() => parseYaml('x.yaml', `# deep\n${open.repeat(levels)}1${close.repeat(levels)}`)).toThrow(
      expect.objectContaining({ code: 'source-unreadable', message: 'x.yaml:2 is nested too deeply.' }),
    )
})

test('takes what is nested as people write it', () => {
  const text = `${'['.repeat(150)}1${']'.repeat(150)}`
  expect(JSON.stringify(parseYaml('x.yaml', text).value)).toBe(text)
})
