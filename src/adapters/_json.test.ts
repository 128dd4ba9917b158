import { expect, test } from 'vitest'
import { parseJson } from './_json.ts'

test.each([
  ['{\n"a": 1,\n}', 3],
  ['[1,\n2\n3]', 3],
  ['{"a"\n"b"}', 2],
  ['{"a": 1}\n\n{', 3],
  ['[\n1,\n2', 3],
  ["{\n'a': 1}", 2],
  ['{"a":\ntru}', 2],
  ['', 1],
  ['[1, 2]]', 1],
])('names the line where %j breaks', (text, line) => {
  expect(() => parseJson('x.json', text)).toThrow(
    expect.objectContaining({ code: 'source-unreadable', message: `x.json:${line} is not valid JSON.` }),
  )
})

test('parses what is right', () => {
  expect(parseJson('x.json', ' {"a": [1, -2.5e3, "\\u00e9", true, null, {}, []]} ')).toEqual({ a: [1, -2500, 'é', true, null, {}, []] })
})
