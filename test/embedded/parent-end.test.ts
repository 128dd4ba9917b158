import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { isGone, makeTemporaryFolder, processesOf, serversOf, startParent, watchdogsOf } from '../support/embedded.ts'
import { makeLauncher } from '../support/launcher.ts'

/** A start on two busy cores, and then at most what the watchdog may take. */
const timeout = 180_000
const soon = { timeout: 60_000, interval: 1 }
/** Below the minute after which a postmaster whose folder was removed notices it by itself. */
const gone = { timeout: 20_000, interval: 20 }

/** A temporary folder of our own: a server started elsewhere meanwhile would sweep what ours left. */
const temporary = makeTemporaryFolder()
const env = { ...process.env, TMPDIR: temporary.path }
const launcher = makeLauncher()
afterAll(() => {
  launcher[Symbol.dispose]()
  temporary[Symbol.dispose]()
})

/** Reads /proc to see what is left. */
describe.skipIf(process.platform !== 'linux')('a server whose process ends', { timeout }, () => {
  it.each([
    ['runs dry', 'drain', { status: 0, signal: null }],
    ['calls process.exit', 'exit', { status: 7, signal: null }],
    ['throws', 'throw', { status: 1, signal: null }],
    ['leaves a rejection unhandled', 'reject', { status: 1, signal: null }],
  ])('is gone at once when it %s', async (_how, ending, expected) => {
    const parent = startParent(launcher, { env, ending })
    const { folder, pid } = await parent.said
    expect(pid).toBeGreaterThan(0)
    expect(await parent.ended).toEqual(expected)
    expect(existsSync(folder)).toBe(false)
    await expect.poll(() => isGone(folder), gone).toBe(true)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('goes after %s, with a client connected', async (signal) => {
    const parent = startParent(launcher, { env })
    const { folder, url } = await parent.said
    const client = await connect(url)
    expect(serversOf(folder).length).toBeGreaterThan(2)
    parent.child.kill(signal)
    expect(await parent.ended).toEqual({ status: null, signal })
    await expect.poll(() => existsSync(folder), gone).toBe(false)
    expect(serversOf(folder)).toEqual([])
    await expect.poll(() => isGone(folder), gone).toBe(true)
    await client.end().catch(() => undefined)
  })

  it("goes after SIGINT with a handler of the process's own, whose exit status stands", async () => {
    const parent = startParent(launcher, { env, ending: 'handler' })
    const { folder } = await parent.said
    parent.child.kill('SIGINT')
    expect(await parent.ended).toEqual({ status: 130, signal: null })
    await expect.poll(() => isGone(folder), gone).toBe(true)
  })

  it('leaves nothing but the cache when the process is killed in the middle of the start', async () => {
    using empty = makeTemporaryFolder()
    for (const stage of ['owner', 'making/content/data/global', 'data', 'log', 'data/postmaster.pid']) {
      const parent = startParent(launcher, { env: { ...env, TMPDIR: empty.path } })
      await expect.poll(() => serverFolders(empty.path).some((folder) => existsSync(join(folder, stage))), soon).toBe(true)
      parent.child.kill('SIGKILL')
      await parent.ended
      await expect.poll(() => serverFolders(empty.path), gone).toEqual([])
      await expect.poll(() => processesOf(empty.path), gone).toEqual([])
    }
  })

  it('is swept by the next start where its watchdog was killed with it', async () => {
    const parent = startParent(launcher, { env })
    const { folder, pid } = await parent.said
    const watchdogs = watchdogsOf(folder)
    expect(watchdogs).toHaveLength(1)
    for (const each of watchdogs) process.kill(each, 'SIGKILL')
    parent.child.kill('SIGKILL')
    await parent.ended
    expect(processesOf(folder)).toContain(pid)
    const next = startParent(launcher, { env })
    expect((await next.said).pid).not.toBe(pid)
    expect(isGone(folder)).toBe(true)
    next.child.kill('SIGKILL')
    await expect.poll(() => serverFolders(temporary.path), gone).toEqual([])
  })

  it('is left alone by the sweep of another process while its own lives', async () => {
    const parent = startParent(launcher, { env })
    const { url } = await parent.said
    await startParent(launcher, { env, ending: 'exit' }).ended
    const client = await connect(url)
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await client.end()
    parent.child.kill('SIGKILL')
    await parent.ended
  })
})

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function serverFolders(base: string): readonly string[] {
  const names = readdirSync(base).filter((name) => name.startsWith('lockkeeper-') && !name.startsWith('lockkeeper-cache'))
  return names.map((name) => join(base, name))
}
