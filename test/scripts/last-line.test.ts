import { describe, expect, test } from 'vitest'
import { plantedWithPackages, runScript, type Ended } from './run-script.ts'

/** `npm test` on a project whose only tests are these. */
function runTests(files: Readonly<Record<string, string>>, ...words: readonly string[]): Ended {
  using folder = plantedWithPackages(files)
  return runScript('test.ts', '--root', folder.path, '--globals', ...words)
}

function lastLine(ended: Ended): string | undefined {
  return ended.stdout.trimEnd().split('\n').at(-1)
}

const good = 'test("good", () => {})'
const bad = 'test("bad", () => expect(1).toBe(2))'

describe('the last line of npm test', () => {
  test('counts what passed and what was skipped, and the status is 0', () => {
    const ended = runTests({ 'a.test.ts': `${good}; test.skip("later", () => {}); test.todo("some day")` })
    expect(lastLine(ended)).toBe('1 passed, 0 failed, 2 skipped')
    expect(ended.status).toBe(0)
  })

  test('counts what failed, and the status is 1', () => {
    const ended = runTests({ 'a.test.ts': `${good}; ${bad}` })
    expect(lastLine(ended)).toBe('1 passed, 1 failed, 0 skipped')
    expect(ended.status).toBe(1)
  })

  test('counts a file that cannot be loaded as a failure', () => {
    const ended = runTests({ 'a.test.ts': `${good}; ${bad}`, 'b.test.ts': 'throw new Error("broken")' })
    expect(lastLine(ended)).toBe('1 passed, 2 failed, 0 skipped')
    expect(ended.status).toBe(1)
  })

  test('counts an error that no test caught as a failure', () => {
    const ended = runTests({ 'a.test.ts': `test("good", () => { void Promise.reject(new Error("lost")) }); ${bad}` })
    expect(lastLine(ended)).toBe('1 passed, 2 failed, 0 skipped')
    expect(ended.status).toBe(1)
  })

  test('stands there too when a worker dies', () => {
    const ended = runTests({ 'a.test.ts': 'test("dies", () => { process.kill(process.pid, "SIGKILL") })' })
    expect(lastLine(ended)).toMatch(/^0 passed, [1-9]\d* failed, 0 skipped$/)
    expect(ended.status).toBe(1)
  })

  test('stands there too when the runner cannot start', () => {
    const ended = runScript('test.ts', '--config', 'no-such-config.ts')
    expect(lastLine(ended)).toBe('0 passed, 1 failed, 0 skipped')
    expect(ended.status).toBe(1)
  })

  test('fails where no test has the name that was asked for', () => {
    const ended = runTests({ 'a.test.ts': good }, '-t', 'mistyped')
    expect(lastLine(ended)).toBe('0 passed, 1 failed, 1 skipped')
    expect(ended.status).toBe(1)
  })
})
