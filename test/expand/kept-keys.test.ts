import { expect, test } from 'vitest'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { planAll, sqlMigration } from '../support/planned.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { run } from '../../src/run/run.ts'
import { runOptions } from '../support/run.ts'

const setup = `CREATE TABLE users (id serial CONSTRAINT users_pkey PRIMARY KEY, name text);
CREATE TABLE posts (id serial PRIMARY KEY, author_id int NOT NULL, CONSTRAINT posts_author_id_fkey FOREIGN KEY (author_id) REFERENCES users(id) ON DELETE RESTRICT ON UPDATE CASCADE);
INSERT INTO users (name) SELECT 'n' || i FROM generate_series(1, 100) i; INSERT INTO posts (author_id) SELECT i FROM generate_series(1, 100) i`
const drop = 'ALTER TABLE "posts" DROP CONSTRAINT "posts_author_id_fkey";'
const add =
  'ALTER TABLE "posts" ADD CONSTRAINT "posts_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;'
const types = `ALTER TABLE "posts" ALTER COLUMN "author_id" SET DATA TYPE BIGINT;
ALTER TABLE "users" DROP CONSTRAINT "users_pkey",
ALTER COLUMN "id" SET DATA TYPE BIGINT,
ADD CONSTRAINT "users_pkey" PRIMARY KEY ("id");`

async function planOf(url: string, sql: string) {
  await using session = await connect({ url, applicationName: 'look' })
  await postgres.load()
  return planAll(await session.readCatalog(), [sqlMigration(sql)], ['result-type'])
}

/** Steps that only drop the key, so that rows could be written without it. */
async function without(url: string, sql: string): Promise<number> {
  const [migration] = (await planOf(url, sql)).migrations
  return (migration?.steps ?? []).filter(({ id }) => /drop-constraint/.test(id)).length
}

forEachVersion('a foreign key around a change of type', (version) => {
  test('stays where the very same key comes again, and no row comes in without it', { timeout: 60_000 }, async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    const orphans: Promise<string>[] = []
    const orphan = () =>
      client.query('INSERT INTO posts (author_id) VALUES (-1)').then(
        () => 'came in',
        (error: unknown) => (error as { code: string }).code,
      )
    const plan = await planOf(database.url, [drop, types, add].join('\n'))
    await run(runOptions(database.url, plan, { listener: ({ type }) => void (type === 'step-done' && orphans.push(orphan())) }))
    const codes = await Promise.all([...orphans, orphan()])
    expect(codes.length).toBeGreaterThan(10)
    expect([...new Set(codes)]).toEqual(['23503'])
    const { rows } = await client.query(`SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint WHERE conname = 'posts_author_id_fkey'`)
    expect(rows).toEqual([{ key: 'FOREIGN KEY (author_id) REFERENCES users(id) ON UPDATE CASCADE ON DELETE RESTRICT' }])
  })

  test('goes as it is written where another key comes, or something else needs it away', async () => {
    await using database = await freshDatabase(version, { setup })
    expect(await without(database.url, [drop, types, add].join('\n'))).toBe(0)
    expect(await without(database.url, [drop, types, add.replace('RESTRICT', 'CASCADE')].join('\n'))).toBe(1)
    expect(await without(database.url, [drop, types, 'UPDATE posts SET author_id = -author_id;', add].join('\n'))).toBe(1)
    const texts = types.replaceAll('BIGINT', 'TEXT')
    expect(await without(database.url, [drop, texts, add].join('\n'))).toBe(1)
    expect(await without(database.url, [drop, 'ALTER TABLE users ALTER COLUMN id DROP DEFAULT;', add].join('\n'))).toBe(1)
  })
})
