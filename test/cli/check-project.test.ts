import { expect, it } from 'vitest'
import { cliHere, flat, project } from '../support/cli.ts'

const files = {
  'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
  'prisma/migrations/1_init/migration.sql': 'CREATE TABLE "orders" (id int PRIMARY KEY);\n',
  'package.json': '{\n  "scripts": {\n    "dev": "prisma db push",\n    "start": "prisma db push && node ."\n  }\n}\n',
}

it('a push in production is an error of the project, said before all else, and fails the check', { timeout: 120_000 }, async () => {
  await using here = await project(files)
  const json = await cliHere(['check', '--json'], { cwd: here.folder })
  expect(json.status, json.stderr).toBe(2)
  expect(JSON.parse(json.stdout)).toMatchObject({
    summary: { migrations: 1, statements: 1, errors: 1, warnings: 0 },
    project: [{ rule: 'schema-sync-in-production', severity: 'error', file: 'package.json', line: 4 }],
  })
  const text = await cliHere(['check'], { cwd: here.folder })
  expect(text.stdout.startsWith('package.json:4\n')).toBe(true)
  expect(flat(text.stdout)).toContain(
    'error schema-sync-in-production the script start runs prisma db push, which makes the database follow the models',
  )
  expect(flat(text.stdout)).toContain('1 error, 0 warnings in 1 statement of 1 migration')
  expect((await cliHere(['explain', 'schema-sync-in-production'], { cwd: here.folder })).stdout).toContain('drizzle-kit push')
})

it('standard input is of no project', { timeout: 120_000 }, async () => {
  await using here = await project(files)
  const outcome = await cliHere(['check', '-', '--json'], { cwd: here.folder, input: 'CREATE TABLE x (id int);' })
  expect(JSON.parse(outcome.stdout)).toMatchObject({ project: [], summary: { errors: 0 } })
})
