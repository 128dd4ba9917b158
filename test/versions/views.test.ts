import { expect, test } from 'vitest'
import { flat } from '../support/cli.ts'
import { forEachVersion } from '../support/postgres.ts'
import { versionedShop } from '../support/versioned-shop.ts'

const base = `operations:
  - create_table: {name: users, columns: [{name: id, type: serial, pk: true}, {name: age, type: int, nullable: true}, {name: name, type: text, nullable: true}]}
`
const newAge = `operations:
  - alter_column: {table: users, column: age, type: text, up: "age || ' years'", down: "split_part(age, ' ', 1)::int"}
`

const oldTable = `CREATE TABLE users (id serial PRIMARY KEY, age int, name text); INSERT INTO users (age, name) VALUES (5, 'there before')`

forEachVersion('schemas of versions', (version) => {
  test('several files are one new version, and the live one keeps its schema until the contract', async () => {
    await using shop = await versionedShop(version, { first: base })
    await shop.project.write({
      'migrations/2.yaml': newAge,
      'migrations/3.yaml':
        'version_schema: third\noperations: [{create_index: {name: users_name, table: users, columns: [{column: name}]}}]',
    })
    expect(flat((await shop.run('apply', '--yes')).stdout)).toContain(
      'Deploy the new application with search_path = public_third, then: lockkeeper complete 3',
    )
    expect(await shop.schemas()).toEqual(['public', 'public_1', 'public_third'])
    const old = await shop.as('public_1')
    const fresh = await shop.as('public_third')
    await old(`INSERT INTO users (name, age) VALUES ('old', 7)`)
    await fresh(`INSERT INTO users (name, age) VALUES ('new', '8 years'), ('nobody', NULL)`)
    expect(await old('SELECT name, age FROM users ORDER BY id')).toEqual([
      { name: 'old', age: 7 },
      { name: 'new', age: 8 },
      { name: 'nobody', age: null },
    ])
    expect(await fresh('SELECT name, age FROM users ORDER BY id')).toMatchObject([{ age: '7 years' }, { age: '8 years' }, { age: null }])
    await shop.done('complete', '--override', 'unused', '--reason', 'a test')
    expect(await shop.schemas()).toEqual(['public', 'public_third'])
    expect(await fresh('SELECT * FROM users ORDER BY id LIMIT 1')).toEqual([{ id: 1, name: 'old', age: '7 years' }])
    await shop.project.write({
      'migrations/4.yaml': 'operations: [{add_column: {table: users, column: {name: size, type: int, nullable: true}}}]',
    })
    await shop.done('apply', '--yes')
    const columns = async (schema: string) => Object.keys((await shop.query(`SELECT * FROM ${schema}.users`))[0] ?? {})
    expect(await columns('public_third')).toEqual(['id', 'age', 'name'])
    // The table itself has the column that took the place of another at its end.
    expect(await columns('public')).toEqual(['id', 'name', 'age', 'size'])
    expect(await columns('public_4')).toEqual(['id', 'age', 'name', 'size'])
  })

  test('the first version of all comes beside the tables that the application has used so far', async () => {
    await using shop = await versionedShop(version, { first: newAge, setup: oldTable })
    expect(await shop.schemas()).toEqual(['public', 'public_1'])
    const [old, fresh] = [await shop.as('public'), await shop.as('public_1')]
    await old(`INSERT INTO users (name, age) VALUES ('old', 7)`)
    await fresh(`INSERT INTO users (name, age) VALUES ('new', '8 years')`)
    expect((await old('SELECT age FROM users ORDER BY id')).map(({ age }) => age)).toEqual([5, 7, 8])
    const rows = await fresh('SELECT * FROM users ORDER BY id')
    expect(rows.map(({ age }) => age)).toEqual(['5 years', '7 years', '8 years'])
    expect(Object.keys(rows[0] ?? {})).toEqual(['id', 'age', 'name'])
    await shop.done('complete', '--override', 'unused', '--reason', 'a test')
    expect(await fresh('SELECT * FROM users ORDER BY id')).toEqual(rows)
    expect(await shop.schemas()).toEqual(['public', 'public_1'])
  })

  test('a search_path that names more than the version is understood', async () => {
    await using shop = await versionedShop(version, { first: base })
    await shop.project.write({ 'migrations/2.yaml': newAge.replace(`age || ' years'`, `coalesce(age, 0) || ' years'`) })
    await shop.done('apply', '--yes')
    await (
      await shop.as('"$user",public_2,public')
    )(`INSERT INTO users (name, age) VALUES ('new', NULL)`)
    await (
      await shop.as('"$user",public_1,public')
    )(`INSERT INTO users (name, age) VALUES ('old', NULL)`)
    await (
      await shop.as('public')
    )(`INSERT INTO users (name, age) VALUES ('by the table', NULL)`)
    await shop.query(`INSERT INTO public.users (name, age) VALUES ('qualified', NULL)`)
    expect(await shop.query('SELECT name, age FROM public_2.users ORDER BY id')).toEqual([
      { name: 'new', age: null },
      { name: 'old', age: '0 years' },
      { name: 'by the table', age: '0 years' },
      { name: 'qualified', age: '0 years' },
    ])
  })

  test('whoever may use the tables may use their views, and no more', async () => {
    await using shop = await versionedShop(version, { first: base })
    const role = `shop_${version}_${process.pid}`
    await shop.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT, INSERT ON users TO ${role};
      GRANT UPDATE (name) ON users TO ${role}; GRANT USAGE ON SEQUENCE users_id_seq TO ${role};
      ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ${role}`)
    await shop.project.write({
      'migrations/2.yaml': `${newAge}  - create_table: {name: extra, columns: [{name: id, type: int, pk: true}]}\n`,
    })
    await shop.done('apply', '--yes')
    const app = await shop.as('public_2', role)
    await app(`INSERT INTO users (name, age) VALUES ('mine', '3 years')`)
    await app(`UPDATE users SET name = 'yours'`)
    expect(await app('SELECT name, age FROM users')).toEqual([{ name: 'yours', age: '3 years' }])
    expect(await app('SELECT * FROM extra')).toEqual([])
    await expect(app('DELETE FROM users')).rejects.toThrow('permission denied')
    await expect(app('INSERT INTO extra VALUES (1)')).rejects.toThrow('permission denied')
    await shop.done('abort')
    await shop.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM ${role}; DROP OWNED BY ${role}`)
  })

  test('row security holds through a view, or the version is refused before it begins', async () => {
    await using shop = await versionedShop(version, { first: base })
    await shop.query(`ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON users USING (name = current_user)`)
    await shop.project.write({ 'migrations/2.yaml': 'operations: [{rename_column: {table: users, from: name, to: login}}]' })
    const outcome = await shop.run('apply', '--yes')
    const [first] = version < 15 ? [3] : [0]
    expect(outcome.status, outcome.stderr).toBe(first)
    expect(flat(outcome.stderr + outcome.stdout).includes('no view can stand for public.users: it has row security')).toBe(version < 15)
    expect(await shop.schemas()).toEqual(version < 15 ? ['public', 'public_1'] : ['public', 'public_1', 'public_2'])
  })

  test('a name that the server would cut off is refused before anything is changed', async () => {
    await using shop = await versionedShop(version, { first: base })
    await shop.project.write({ 'migrations/2.yaml': `version_schema: ${'v'.repeat(57)}\n${newAge}` })
    const outcome = await shop.run('apply', '--yes')
    expect(outcome.status).toBe(3)
    expect(flat(outcome.stderr)).toContain('which has 64 bytes and may have 63')
    expect(await shop.schemas()).toEqual(['public', 'public_1'])
  })

  test('a transaction that reads through the old version holds its contract back', async () => {
    await using shop = await versionedShop(version, { first: base })
    await shop.project.write({
      'migrations/2.yaml': 'operations: [{create_index: {name: users_name, table: users, columns: [{column: name}]}}]',
    })
    await shop.done('apply', '--yes')
    const old = await shop.as('public_1')
    await old('BEGIN')
    await old('SELECT FROM users')
    const hour = `update lockkeeper.evidence set quiet_since = quiet_since - interval '1 hour', sampled_at = sampled_at - interval '1 hour'`
    await shop.query(hour)
    const held = await shop.run('complete')
    expect(held.status).toBe(3)
    expect(flat(held.stderr)).toMatch(/unused:locks: .*public_1/)
    await old('COMMIT')
    await shop.query(hour)
    await shop.done('complete')
    expect(await shop.schemas()).toEqual(['public', 'public_2'])
  })
})
