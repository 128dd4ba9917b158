import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runDemo } from '../../src/demo/demo.ts'
import type { DemoDocument } from '../../src/demo/document.ts'
import { summaryText, wayText } from '../../src/demo/text.ts'

const small = { rows: 20_000, seconds: 3 }
const limitMs = 280_000

describe('demo', () => {
  it(
    'takes the folder in three ways and prints one document of what the application saw, which can be drawn',
    { timeout: limitMs + 10_000 },
    async () => {
      const before = children()
      const out = paper()
      const err = paper()
      await runDemo({ ...small, json: true, signal: AbortSignal.timeout(limitMs), stdout: out, stderr: err })
      const document = JSON.parse(out.text()) as DemoDocument
      expect(document).toMatchObject({ format: 1, command: 'demo', server: { flavor: 'postgresql', version: 18 }, rows: 20_000 })
      expect(document.ways.map((result) => result.way)).toEqual(['plain', 'lock-timeout', 'lockkeeper'])
      for (const result of document.ways) {
        expect(result.failures).toEqual({})
        expect(result.failed).toBe(0)
        expect(result.queries).toBeGreaterThan(200 * (result.doneMs / 1000))
        expect(result.idle.queries).toBeGreaterThan(200 * (small.seconds - 0.5))
        expect(result.doneMs).toBeGreaterThan(small.seconds * 1000 - 200) // the report holds the first step back
        expect(result.timeline.reduce((sum, slice) => sum + slice.queries, 0)).toBe(result.queries)
        expect(new Set(result.steps.map((step) => step.migration)).size).toBe(5)
        expect(result.steps.at(-1)?.endMs).toBeLessThanOrEqual(result.doneMs)
      }
      const [plain, lockTimeout, lockkeeper] = document.ways
      expect(plain?.longestMs).toBeGreaterThan(small.seconds * 1000 - 500)
      expect(lockTimeout?.delayedOver100Ms).toBeGreaterThan(200)
      expect(lockkeeper?.p50Ms).toBeLessThan((plain?.p50Ms ?? 0) / 10) // the bars of issue 2 are for a machine with nothing else to do
      expect(lockkeeper?.doneWithoutTrafficMs).toBeGreaterThan(0)
      expect(err.text()).toContain('lockkeeper: ')
      expect(children()).toEqual(before)
      expectDrawn(document)
    },
  )

  it('ends when it is interrupted, and leaves no process behind', { timeout: limitMs }, async () => {
    const before = children()
    const stop = new AbortController()
    const err = paper((text) => {
      if (text.includes('the report and the migration begin')) setTimeout(() => stop.abort(), 300)
    })
    const interrupted = runDemo({ ...small, seconds: 5, json: true, signal: stop.signal, stdout: paper(), stderr: err })
    await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' })
    expect(err.text()).toContain('the report and the migration begin')
    await expect.poll(children, { timeout: 5000 }).toEqual(before)
  })
})

function expectDrawn(document: DemoDocument): void {
  const style = { color: false, width: 80 }
  const text = [...document.ways.map((result) => wayText(result, style)), summaryText(document, style)].join('\n')
  for (const result of document.ways) expect(text).toContain(`${result.way}: `)
  expect(text).toContain('longest stall')
  expect(text).toContain('What Lockkeeper did instead')
  for (const step of document.ways.at(-1)?.steps ?? []) expect(text.replaceAll(/\n +/g, ' ')).toContain(step.title)
}

interface Paper {
  readonly isTerminal: boolean
  write(text: string): void
  text(): string
}

function paper(onWrite: (text: string) => void = () => undefined): Paper {
  const written: string[] = []
  return {
    isTerminal: false,
    write: (text) => {
      written.push(text)
      onWrite(text)
    },
    text: () => written.join(''),
  }
}

/** Process ids of our children. */
function children(): readonly string[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return numbers.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid)
    } catch {
      return false // ended between the listing and the reading
    }
  })
}
