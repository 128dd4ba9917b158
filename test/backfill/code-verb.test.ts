import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BackfillState } from '../../src/model/backfill.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { runBackfill, type RunBackfillOptions } from '../../src/verbs/backfill.ts'
import { loadCodeBackfill, loadStored, type CodeDefinition } from '../../src/verbs/code-backfill.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

function project(text: string): string {
  const root = mkdtempSync(join(tmpdir(), 'lk-code-'))
  change(root, text)
  return root
}

function change(root: string, text: string): void {
  writeFileSync(join(root, 'b.ts'), `import { defineBackfill } from 'lockkeeper'\n${text}`)
}

async function load(url: string, root: string): Promise<CodeDefinition> {
  await using session = await postgres.connect({ url, applicationName: 'lockkeeper' })
  return await loadCodeBackfill({ root, file: 'b.ts', engine: postgres, session })
}

function run(url: string, options: Partial<RunBackfillOptions>): Promise<BackfillState> {
  return runBackfill({
    engine: postgres,
    connection: { url },
    project: 'test',
    name: 'count',
    workers: 1,
    lockBudgetMs: 50,
    maxLockWaitMs: 10_000,
    reconnectMs: 5_000,
    signal: AbortSignal.timeout(50_000),
    listener: { onBatch: () => undefined, onHeld: () => undefined, onNotice: () => undefined },
    ...options,
  })
}

const setup = `create schema app; create table app."Order" (id int primary key, code text unique not null, "N" int not null default 0);
  insert into app."Order" select i, 'c' || i from generate_series(1, 800) i`
const counting = (body = ''): string => `export const count = defineBackfill({
  table: 'app.Order', concurrency: 3,
  async run(rows, tx) {
    ${body}
    await tx.query('update app."Order" set "N" = "N" + 1 where id = any($1)', [rows.map((row) => row.id)])
  },
})`

forEachVersion('the verb with a module', (version) => {
  test('does each row once with as many workers as it asks for, and once more where it is begun anew', async () => {
    await using database = await freshDatabase(version, { setup })
    const loaded = await load(database.url, project(counting()))
    expect(loaded.definition).toMatchObject({
      work: { kind: 'code', relation: 'app."Order"', where: 'true', falsifies: false, module: 'b.ts', export: 'count' },
      walk: { by: 'key', columns: ['id'], types: ['integer'] },
    })
    const workers = loaded.code.concurrency
    expect(workers).toBe(3)
    expect(await run(database.url, { ...loaded, workers })).toMatchObject({ done: true, rows: 800 })
    expect(await run(database.url, { ...loaded, workers })).toMatchObject({ done: true, rows: 800 })
    const client = await database.client()
    const counts = 'select "N" as n, count(*)::int as rows from app."Order" group by 1'
    expect((await client.query(counts)).rows).toEqual([{ n: 1, rows: 800 }])
    await run(database.url, { ...loaded, restart: true })
    expect((await client.query(counts)).rows).toEqual([{ n: 2, rows: 800 }])
  })

  test('goes on with mended code after it failed, and others join with what is stored', async () => {
    await using database = await freshDatabase(version, { setup })
    const root = project(counting(`if (rows.some((row) => row.id === 400)) throw new Error('bad 400')`))
    const broken = await load(database.url, root)
    await expect(run(database.url, broken)).rejects.toMatchObject({ code: 'backfill-code-failed' })
    change(root, counting())
    const mended = await load(database.url, root)
    const joining = { loadCode: (definition: CodeDefinition['definition']) => loadStored(root, definition) }
    await expect(run(database.url, joining)).rejects.toMatchObject({ code: 'backfill-changed' })
    await expect(run(database.url, broken)).rejects.toMatchObject({ code: 'backfill-code-failed' })
    const first = run(database.url, {
      ...mended,
      listener: { onBatch: () => undefined, onHeld: () => undefined, onNotice: () => undefined },
    })
    await first
    expect(await run(database.url, joining)).toMatchObject({ done: true, rows: 800 })
    await expect(run(database.url, broken)).rejects.toMatchObject({ code: 'backfill-changed' })
    const client = await database.client()
    expect((await client.query('select "N" as n, count(*)::int as rows from app."Order" group by 1')).rows).toEqual([{ n: 1, rows: 800 }])
  })

  test.each([
    [`{ table: 'app.none' }`, 'backfill-invalid', /"table" is app\.none, and there is no such table here/],
    [`{ table: 'app.Order', columns: ['nope'] }`, 'backfill-invalid', /"columns" names nope, which app\."Order" has not/],
    [`{ table: 'app.Order', key: ['N'] }`, 'backfill-refused', /\(N\) is no unique key of app\."Order"/],
  ])('is held against the database: %s', async (text, code, message) => {
    await using database = await freshDatabase(version, { setup })
    const loading = load(database.url, project(`export const count = { async run() {}, ...${text} }`))
    await expect(loading).rejects.toMatchObject({ code })
    await expect(loading).rejects.toThrow(message)
  })

  test('walks by the key that is asked for', async () => {
    await using database = await freshDatabase(version, { setup })
    const { definition } = await load(database.url, project(`export const count = { async run() {}, table: 'app.Order', key: ['code'] }`))
    expect(definition.walk).toEqual({ by: 'key', columns: ['code'], types: ['text'] })
  })
})
