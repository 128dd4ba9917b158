import type pg from 'pg'
import { expect, test } from 'vitest'
import type { QueryGate } from '../../src/model/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { planOne } from '../support/planned.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const setup = `
  create table users (id int primary key, full_name text default 'x' check (full_name <> ''), age int, number serial, unique (full_name, age));
  create index on users (lower(full_name));
  create table orders (id int primary key, who text, count int)`

interface Case {
  readonly sql: string
  /** What the gate says. */
  readonly held: RegExp
  readonly from?: number
  /** What the server says to the drop. */
  readonly server: 'refuses' | 'refuses from 15' | 'knows nothing'
}

const body = (text: string) => `language plpgsql as $f$ begin ${text} end $f$`
const held: { readonly [name: string]: Case } = {
  'a view': { sql: 'create view v as select full_name from users', held: /^view v needs it$/, server: 'refuses' },
  'a materialized view': {
    sql: 'create materialized view v as select id from users where full_name > $$a$$',
    held: /^materialized view v needs it$/,
    server: 'refuses',
  },
  'a function that says it': {
    sql: `create function f() returns void ${body('update users set Full_Name = $$a$$;')}`,
    held: /^function f\(\) names it in its text$/,
    server: 'knows nothing',
  },
  'a function that is given a row': {
    sql: `create function f(u users) returns text ${body('return u.full_name;')}`,
    held: /^function f\(users\) names it in its text$/,
    server: 'knows nothing',
  },
  'a trigger function that says NEW': {
    sql: `create function f() returns trigger ${body('new.age := length(new.full_name); return new;')};
      create trigger t before insert on users for each row execute function f()`,
    held: /^function f\(\) names it in its text$/,
    server: 'knows nothing',
  },
  'a function with a body of the SQL standard': {
    sql: 'create function f() returns text begin atomic select max(full_name) from users; end',
    held: /^function f\(\) needs it$/,
    from: 14,
    server: 'refuses',
  },
  'a policy': {
    sql: 'create policy p on users using (full_name = current_user)',
    held: /^policy p on table users needs it$/,
    server: 'refuses',
  },
  'a policy of another table': {
    sql: 'create policy p on orders using (who in (select full_name from users))',
    held: /^policy p on table orders needs it$/,
    server: 'refuses',
  },
  'a publication with a list of columns': {
    sql: 'create publication p for table users (id, full_name)',
    held: /^publication of table users in publication p needs it$/,
    from: 15,
    server: 'refuses',
  },
  'a publication with a filter': {
    sql: 'create publication p for table users where (full_name > $$a$$)',
    held: /^publication of table users in publication p needs it$/,
    from: 15,
    server: 'refuses',
  },
  'a foreign key of another table': {
    sql: 'create unique index i on users (full_name); alter table orders add constraint k foreign key (who) references users (full_name)',
    held: /^constraint k on table orders needs it$/,
    server: 'refuses',
  },
  'a foreign key of the table itself': {
    sql: 'create unique index i on users (full_name); alter table users add boss text constraint k references users (full_name)',
    held: /^constraint k on table users needs it$/,
    server: 'refuses',
  },
  'a trigger of the column': {
    sql: `create function f() returns trigger ${body('return new;')}; create trigger t before update of full_name on users for each row execute function f()`,
    held: /^trigger t on table users needs it$/,
    server: 'refuses',
  },
  'a trigger with a condition': {
    sql: `create function f() returns trigger ${body('return new;')}; create trigger t before insert on users for each row when (new.full_name is null) execute function f()`,
    held: /^trigger t on table users needs it$/,
    server: 'refuses',
  },
  'a generated column': {
    sql: 'alter table users add short text generated always as (left(full_name, 3)) stored',
    held: /column short of table users (is generated from it|needs it)$/,
    server: 'refuses from 15',
  },
  'a rule': {
    sql: 'create rule r as on update to users do also insert into orders (id, who) values (new.id, new.full_name)',
    held: /^table users, rule r needs it$/,
    server: 'refuses',
  },
  'a rule of another table': {
    sql: 'create rule r as on insert to orders do also update users set full_name = new.who',
    held: /^table orders, rule r needs it$/,
    server: 'refuses',
  },
  'a view of a table that inherits': {
    sql: 'create table more () inherits (users); create view v as select full_name from more',
    held: /^view v needs it$/,
    server: 'refuses',
  },
}

const open: { readonly [name: string]: string } = {
  'what the table has of its own': 'select 1',
  'extended statistics': 'create statistics s on full_name, age from users',
  'a check of two columns': 'alter table users add check (full_name <> age::text)',
  'an excluding constraint': 'alter table users add exclude (full_name with =)',
  'a foreign key of its own': 'create table names (name text primary key); alter table users add foreign key (full_name) references names',
  'triggers of ours': `create function lockkeeper.f() returns trigger ${body('new.full_name := $$a$$; return new;')};
    create trigger "~lk_update_1" before update on users for each row when (old.full_name is distinct from new.full_name) execute function lockkeeper.f()`,
  'a view of whole rows, which lose a column': 'create view v as select u from users u',
  'a view that reads another column': 'create view v as select id, age from users',
  'a column of that name elsewhere': 'create table full_names (full_name text); create view v as select full_name from full_names',
  'a function with a longer name': `create function f() returns void ${body('perform full_name_of(users.id), "Full_Name" from users;')}`,
  'a trigger of another column': `create function f() returns trigger ${body('return new;')}; create trigger t before update of age on users for each row execute function f()`,
}

async function gateFor(url: string, sql: string): Promise<QueryGate> {
  const [gate] = await gatesFor(url, sql)
  if (gate === undefined) throw new Error('no gate')
  return gate
}

async function gatesFor(url: string, sql: string): Promise<readonly QueryGate[]> {
  await using session = await connect({ url, applicationName: 'look' })
  await postgres.load()
  const gates = planOne(await session.readCatalog(), sql).steps.flatMap((step) => (step.kind === 'gate' ? step.gates : []))
  return gates.flatMap((gate) => (gate.kind === 'nothing-depends' ? [gate] : []))
}

/** What the gate says, and what the server says to a drop; then all is as it was. */
async function tried(
  client: pg.Client,
  { sql }: QueryGate,
  [made, drop]: readonly [string, string],
): Promise<{ says: string[]; refused: boolean }> {
  await client.query(`begin; ${made}`)
  const { rows } = await client.query<{ what: string }>(sql)
  const refused = await client.query(drop).then(
    () => false,
    () => true,
  )
  await client.query('rollback')
  return { says: rows.map(({ what }) => what), refused }
}

const drop = 'alter table users drop column full_name'

forEachVersion('nothing-depends', (version) => {
  test('holds back for what the server would refuse a drop for, would drop too, or would leave to fail', async () => {
    await using database = await freshDatabase(version, { setup: `create schema lockkeeper; ${setup}` })
    const gate = await gateFor(database.url, drop)
    const client = await database.client()
    for (const [name, { sql, held: says, from = 13, server }] of Object.entries(held)) {
      if (version < from) continue
      const found = await tried(client, gate, [sql, drop])
      expect(found.says, name).toEqual([expect.stringMatching(says)])
      // Before 15 the server drops a generated column without a word.
      expect(found.refused, name).toBe(server === 'refuses' || (server === 'refuses from 15' && version >= 15))
    }
  })

  test('lets go where only what belongs to the column goes with it, and then the server does not refuse', async () => {
    await using database = await freshDatabase(version, { setup: `create schema lockkeeper; ${setup}` })
    const gate = await gateFor(database.url, drop)
    const client = await database.client()
    for (const [name, sql] of Object.entries(open)) {
      const without = name === 'triggers of ours' ? 'drop trigger "~lk_update_1" on users; ' : ''
      expect(await tried(client, gate, [sql, `${without}${drop}`]), name).toEqual({ says: [], refused: false })
    }
  })

  test('holds back for a default that uses the sequence which goes, and not for the column of the sequence', async () => {
    await using database = await freshDatabase(version, { setup: `create schema lockkeeper; ${setup}` })
    const dropSerial = 'alter table users drop column number'
    const gate = await gateFor(database.url, dropSerial)
    const client = await database.client()
    expect(await tried(client, gate, ['select 1', dropSerial])).toEqual({ says: [], refused: false })
    const shared = `alter table orders alter column count set default nextval('users_number_seq')`
    expect(await tried(client, gate, [shared, dropSerial])).toEqual({
      says: ['default value for column count of table orders needs it'],
      refused: true,
    })
  })

  test('of dropped tables holds back for what others have on them, and not for what they have on each other', async () => {
    const key = 'alter table orders add constraint k foreign key (id) references users'
    await using database = await freshDatabase(version, { setup: `create schema lockkeeper; ${setup}; ${key}` })
    const both = 'drop table orders, users'
    const gates = await gatesFor(database.url, both)
    const client = await database.client()
    const says = async (sql: string) => {
      const found: Awaited<ReturnType<typeof tried>>[] = []
      for (const gate of gates) found.push(await tried(client, gate, [sql, both]))
      return { says: found.flatMap((one) => one.says).toSorted(), refused: found.some((one) => one.refused) }
    }
    const own = `create policy p on users using (true); create rule r as on update to users do also delete from orders`
    expect(await says(own)).toEqual({ says: [], refused: false })
    expect(await says('create view v as select id from users')).toEqual({ says: ['view v needs it'], refused: true })
    expect(await says('create table more () inherits (users)')).toEqual({
      says: ['default value for column number of table more needs it', 'table more needs it'],
      refused: true,
    })
    const other = 'create table bills (who int references orders)'
    expect(await says(other)).toEqual({ says: ['constraint bills_who_fkey on table bills needs it'], refused: true })
  })

  test('of a renamed column asks functions alone', async () => {
    await using database = await freshDatabase(version, { setup: `create schema lockkeeper; ${setup}` })
    const gate = await gateFor(database.url, 'alter table users rename column full_name to name')
    const client = await database.client()
    const says = async (name: string) => (await tried(client, gate, [held[name]?.sql ?? '', 'select 1'])).says
    expect(await says('a view')).toEqual([])
    expect(await says('a trigger of the column')).toEqual([])
    expect(await says('a trigger function that says NEW')).toEqual(['function f() names it in its text'])
  })
})
