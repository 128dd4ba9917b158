import { beforeAll, expect, test } from 'vitest'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { wayBack, wayBackText } from '../../src/plan/way-back.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { sqlMigration } from '../support/planned.ts'
import { rewriteCases } from '../support/rewrite-cases.ts'
import { schemaOf } from '../support/snapshot.ts'

beforeAll(async () => await postgres.load())

const tables = `create type mood as enum ('sad', 'ok');
create table users (id bigint primary key, name text not null default 'x' unique, age int check (age > 0), mood mood);
create table pets (id int generated always as identity primary key, owner bigint references users on delete cascade, "Kind" varchar(10));
create index pets_kind on pets (lower("Kind")) where owner is not null`

function back(setup: string, migration: string, version: number) {
  const empty = postgres.emptyCatalog({ flavor: 'postgresql', version }, 'public')
  return wayBack(postgres, { applied: [sqlMigration(setup, 'setup'), sqlMigration(migration, 'm')], to: 'setup', empty })
}

interface Case {
  readonly migration: string
  readonly lost?: readonly string[]
}

const cases: readonly Case[] = [
  { migration: `alter table users add column a int default 3, add constraint c check (a > 1)`, lost: ['what public.users.a holds'] },
  { migration: `alter table pets drop column "Kind"`, lost: ['what public.pets."Kind" holds'] },
  { migration: `alter table users rename column name to full_name; alter table pets rename to animals; alter index pets_kind rename to k` },
  { migration: `alter table users alter column age type bigint`, lost: ['what of public.users.age does not fit integer'] },
  {
    migration: `alter table users alter column name drop not null, alter column name drop default; alter table users drop constraint users_name_key`,
  },
  {
    migration: `drop index pets_kind; create table extra (id int primary key); create view v as select id from users`,
    lost: ['the rows of public.extra'],
  },
  { migration: `drop table pets`, lost: ['the rows of public.pets'] },
  { migration: `create type color as enum ('red'); alter table users add column color color`, lost: ['what public.users.color holds'] },
]

forEachVersion('the way back', (version) => {
  test.each(cases)('$migration', async ({ migration, lost = [] }) => {
    await using database = await freshDatabase(version, { setup: tables })
    const client = await database.client()
    const before = await schemaOf(client)
    await client.query(migration)
    const way = back(tables, migration, version)
    expect(way).toMatchObject({ migrations: ['m'], lost, byHand: [] })
    await client.query(wayBackText(way))
    expect(withoutOrder(before)).toEqual(withoutOrder(await schemaOf(client)))
  })

  test('names what it cannot do, and leaves that to the user', () => {
    const way = back(
      tables,
      `update users set age = 3; alter type mood add value 'good'; grant select on users to public; alter table users drop column name`,
      version,
    )
    expect(way.byHand).toEqual([
      'fill public.users.name, then ALTER TABLE public.users ALTER COLUMN name SET NOT NULL',
      'it has no way back here: grant select on users to public',
      'the type public.mood was changed: a value of an enum cannot be taken out',
      'rows were changed: update users set age = 3',
    ])
    expect(wayBackText(way)).toContain('--   rows were changed: update users set age = 3\n')
  })

  test('of the migrations that rewrites are tried on, ends where they began', { timeout: 300_000 }, async () => {
    const fitting = rewriteCases().filter(({ versions: [from, to] }) => from <= version && version <= to)
    let tried = 0
    for (const { name, rewrite, setup, migration } of fitting) {
      const way = back(setup, migration, version)
      if (way.byHand.length > 0) continue
      await using database = await freshDatabase(version, { setup })
      const client = await database.client()
      const before = await schemaOf(client)
      for (const { sql } of postgres.parse(Buffer.from(migration))) await client.query(sql)
      await client
        .query(wayBackText(way))
        .catch((error: unknown) => Promise.reject(new Error(`${rewrite}/${name}: ${String(error)}\n${wayBackText(way)}`)))
      expect([rewrite, name, diffSchemas(withoutOrder(before), withoutOrder(await schemaOf(client)))]).toEqual([rewrite, name, []])
      tried += 1
    }
    expect(tried).toBeGreaterThan(40)
  })
})

/** A column that comes back comes last. */
function withoutOrder(schema: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(schema).filter(([object]) => !object.startsWith('order of columns')))
}
