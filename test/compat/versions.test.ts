import { expect, test } from 'vitest'
import type { CompatibilityReport, JudgedQuery } from '../../src/model/compatibility.ts'
import { cliHere, project } from '../support/cli.ts'
import { forEachVersion } from '../support/postgres.ts'

const base = `operations:
  - create_table: {name: users, columns: [{name: id, type: serial, pk: true}, {name: name, type: text, nullable: true}, {name: age, type: int, nullable: true}]}
  - create_constraint: {table: users, name: users_name_key, type: unique, columns: [name], up: {name: name}, down: {name: name}}
`
const change = `version_schema: second
operations:
  - alter_column: {table: users, column: age, type: text, up: "age || ' years'", down: "split_part(age, ' ', 1)::int"}
`

const old = {
  plain: 'select id, name from users where id = $1',
  age: 'select age + 1 from users where id = $1',
  key: 'insert into users (name) values ($1) on conflict (name) do nothing',
  constraint: 'insert into users (name) values ($1) on conflict on constraint users_name_key do nothing',
  grouped: 'select id, name, count(*) from users group by id',
  truncate: 'truncate users',
  copy: 'copy users (name) from stdin',
  system: 'select ctid from users',
}
const later = { text: `select split_part(age, ' ', 1) from users`, number: 'select age + 1 from users' }

function on(found: readonly JudgedQuery[], sql: string) {
  const query = found.find((one) => one.sql === sql)
  return Object.fromEntries(Object.entries(query?.on ?? {}).map(([state, { outcome }]) => [state, outcome]))
}

forEachVersion('compat of a version', (version) => {
  test('the old application finds its tables, the new one its views, with what views cannot do', { timeout: 60_000 }, async () => {
    await using here = await project({
      'migrations/1.yaml': base,
      'migrations/2.yaml': change,
      'old.sql': Object.values(old).join(';\n'),
      'new.sql': Object.values(later).join(';\n'),
    })
    const args = ['migrations/2.yaml', '--queries', 'old.sql', '--new-queries', 'new.sql', '--server', `postgres@${version}`, '--json']
    const { stdout, stderr } = await cliHere(['compat', ...args], { cwd: here.folder })
    expect(stderr).toBe('')
    const report = JSON.parse(stdout) as CompatibilityReport
    expect(report).toMatchObject({ states: ['old', 'expanded', 'new'], notes: [] })
    expect(on(report.old, old.plain)).toEqual({ old: 'ok', expanded: 'ok', new: 'ok' })
    expect(on(report.old, old.age)).toEqual({ old: 'ok', expanded: 'ok', new: 'breaks' })
    expect(on(report.old, old.key)).toEqual({ old: 'ok', expanded: 'ok', new: 'ok' })
    expect(on(report.old, old.constraint)).toEqual({ old: 'ok', expanded: 'ok', new: 'breaks' })
    expect(on(report.old, old.grouped)).toEqual({ old: 'ok', expanded: 'ok', new: 'breaks' })
    for (const sql of [old.truncate, old.copy, old.system])
      expect(on(report.old, sql)).toEqual({ old: 'ok', expanded: 'ok', new: 'breaks' })
    expect(report.old.find(({ sql }) => sql === old.grouped)?.on.new).toMatchObject({ cause: { where: 'version second' } })
    expect(on(report.new, later.text)).toEqual({ old: 'breaks', expanded: 'ok', new: 'ok' })
    expect(on(report.new, later.number).expanded).not.toBe('ok')
  })
})
