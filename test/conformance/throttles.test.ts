import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { LockkeeperError } from '../../src/model/errors.ts'
import type { ThrottleKind } from '../../src/model/throttle.ts'
import { throttles } from '../../src/throttles/index.ts'
import { freshDatabase, testVersions } from '../support/postgres.ts'
import { noSession, openThrottle, throttleSession } from '../support/throttles.ts'

const page = readFileSync(new URL('../../docs/throttles.md', import.meta.url), 'utf8')

/** These ask no server; they must work where none answers. */
const serverless = ['cpu', 'http', 'pause-file']

/** Near to what is meant, and not it; nothing at all is none for each. */
const nonsense: { readonly [id: string]: readonly string[] } = {
  'active-sessions': ['0', '-1', '1.5', 'many', '20%'],
  'archive-queue': ['0', '1GB'],
  'cpu': ['80', '0%', '%'],
  'dead-tuples': ['20', '-20%'],
  'http': ['localhost', 'ftp://host/', 'file:///etc/passwd'],
  'lock-waits': ['100', '0ms', '1GB'],
  'pause-file': ['\0'],
  'probe': ['50ms', 'select 1', '50 select 1', '50ms ;', '2s select 1', '0ms select 1'],
  'query': [' ; '],
  'replica-lag': ['10', '10s,', ',10s', '10s,20s', '1MB,2MB', '10s,1MB,1s', '0s'],
  'schedule': ['08:00-20:00', 'not', 'only 8-20', 'not someday', 'never 08:00-20:00'],
  'slot-lag': ['1', '0GB', 'a lot'],
  'wal-rate': ['50MB', '50', '0MB/s'],
}

function usageOf(kind: ThrottleKind, value: string): LockkeeperError {
  try {
    openThrottle(kind, value, { session: noSession('127.0.0.1') })
  } catch (error) {
    if (error instanceof LockkeeperError) return error
    throw error
  }
  throw new Error(`${kind.id} takes ${JSON.stringify(value)}`)
}

describe.each(throttles.map((kind) => [kind.id, kind] as const))('the throttle %s', (id, kind) => {
  test('is found under its id, and on the page with its example', () => {
    expect(existsSync(new URL(`../../src/throttles/${id}.ts`, import.meta.url))).toBe(true)
    expect(throttles.filter((other) => other.id === id)).toHaveLength(1)
    expect(page).toContain(`\n| \`${id}\` | \`${kind.example}\` | `)
    expect(kind.summary).toMatch(/^[a-z].{5,80}[^.]$/)
  })

  test('takes its example, and looks at nothing before it is read', () => {
    const throttle = openThrottle(kind, kind.example, { session: noSession('127.0.0.1') })
    expect(throttle.id).toBe(id)
    expect(throttle.everyMs).toBeGreaterThanOrEqual(100)
    expect(throttle.everyMs).toBeLessThanOrEqual(10_000)
  })

  test('refuses what is no value of it, and shows one', () => {
    const values = ['', ' ', ...(nonsense[id] ?? [])]
    expect(values.length).toBeGreaterThan(2)
    for (const value of values) {
      const error = usageOf(kind, value)
      expect(error.code).toBe('usage')
      expect(error.message).toMatch(new RegExp(`^--throttle ${id}: the value "`))
      expect(error.message).toContain(value.replace('\0', '').trim())
      expect(error.hint).toBe(`Write it as --throttle "${id}=${kind.example}".`)
    }
  })

  test.skipIf(serverless.includes(id))('fails where its session is lost, and lets nothing go', async () => {
    await using database = await freshDatabase(testVersions.at(-1) ?? 18)
    const session = await throttleSession(database.url)
    const throttle = openThrottle(kind, kind.example, { session })
    await session.close()
    await expect(throttle.read()).rejects.toMatchObject({ code: 'connection-lost' })
    await expect(throttle.read()).rejects.toMatchObject({ code: 'connection-lost' })
  })

  test.skipIf(serverless.includes(id))('fails where its table or what it reads is gone, or gives a reading in one line', async () => {
    await using database = await freshDatabase(testVersions.at(-1) ?? 18)
    await using session = await throttleSession(database.url)
    const read = openThrottle(kind, kind.example, { session, relation: 'public."no such"' }).read()
    const said = await read.then(
      ({ load, reason }) => {
        expect(load).toBeGreaterThanOrEqual(0)
        return reason
      },
      (error: unknown) => String(error),
    )
    expect(said).toMatch(/^[^\n]{5,300}$/)
    expect(said).not.toMatch(/undefined|null|NaN|\[object/)
  })
})
