import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { cached, type Making } from './cache.ts'
import { temporaryFolder } from './server-folder.ts'

const made: string[] = []
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })))

/** Makes an entry of two files, `who` says by whom. */
function making(who: string, between: () => Promise<void> = () => Promise.resolve()): Making {
  const workshop = mkdtempSync(join(temporaryFolder(), 'lk-workshop-'))
  made.push(workshop)
  const make = async (content: string): Promise<void> => {
    mkdirSync(join(content, 'deep'))
    writeFileSync(join(content, 'who'), who)
    await between()
    writeFileSync(join(content, 'deep/er'), '')
  }
  return { workshop, make }
}

async function cachedHere(name: string, entry: Making): Promise<string> {
  const content = await cached(name, entry)
  made.push(dirname(content))
  return readFileSync(join(content, 'who'), 'utf8')
}

it('makes an entry once, and leaves nothing in the workshop', async () => {
  const name = `test-${randomUUID()}`
  const first = making('first')
  expect(await cachedHere(name, first)).toBe('first')
  expect(await cachedHere(name, making('second'))).toBe('first')
  expect(readdirSync(first.workshop)).toEqual([])
})

it('gives two that make the same entry at once the same one', async () => {
  const name = `test-${randomUUID()}`
  const quick = async (): Promise<void> => {
    expect(await cachedHere(name, making('quick'))).toBe('quick')
  }
  expect(await cachedHere(name, making('slow', quick))).toBe('quick')
})

it('makes an entry anew where a file of it was taken away', async () => {
  const name = `test-${randomUUID()}`
  const content = await cached(name, making('first'))
  made.push(dirname(content))
  unlinkSync(join(content, 'deep/er'))
  expect(await cachedHere(name, making('second'))).toBe('second')
  expect(existsSync(join(content, 'deep/er'))).toBe(true)
})

it('does not take what failed in the middle for an entry', async () => {
  const name = `test-${randomUUID()}`
  await expect(
    cached(
      name,
      making('first', () => Promise.reject(new Error('disk full'))),
    ),
  ).rejects.toThrow('disk full')
  expect(await cachedHere(name, making('second'))).toBe('second')
})
