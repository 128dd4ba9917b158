import { spawnSync } from 'node:child_process'
import { chmod, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { cliHere, project } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

interface Recipe {
  readonly expand: string
  readonly deploy?: string
  readonly contract: string
  /** Statuses of the contract that the pipeline lets pass by itself. */
  readonly allowed: readonly number[]
}

type Values = { readonly [key: string]: any }

const read = async (file: string): Promise<readonly Values[]> =>
  parseAllDocuments(await readFile(`docs/pipelines/${file}`, 'utf8')).map((document) => document.toJS() as Values)

const stepOf = (job: Values) => String(job['steps'].at(-1).run)
const container = (spec: Values) => String(spec['template'].spec.containers[0].args[0])

const recipes: { readonly [file: string]: (documents: readonly Values[]) => Recipe } = {
  'github.yml': ([{ jobs } = {}]) => ({
    expand: stepOf(jobs.expand),
    deploy: stepOf(jobs.deploy),
    contract: stepOf(jobs.contract),
    allowed: [],
  }),
  'gitlab.yml': ([jobs = {}]) => ({
    expand: jobs['expand'].script.join('\n'),
    deploy: jobs['deploy'].script.join('\n'),
    contract: jobs['contract'].script.join('\n'),
    allowed: jobs['contract'].allow_failure.exit_codes,
  }),
  'kubernetes.yml': ([expand = {}, contract = {}]) => ({
    expand: container(expand['spec']),
    contract: container(contract['spec'].jobTemplate.spec),
    allowed: [],
  }),
}

const main = resolve('src/cli/main.ts')
// The recipes say npx, which would look for a package. There is no cluster to ask here.
const programs = {
  'bin/npx': `#!/bin/sh\nshift\nexec "${process.execPath}" --import "${import.meta.resolve('tsx')}" "${main}" "$@"\n`,
  'bin/kubectl': '#!/bin/sh\ntest "$1 $2" = "rollout status"\n',
}

forEachVersion('a recipe for a pipeline', (version) => {
  test.each(Object.keys(recipes))('%s expands, deploys, and contracts when it may', { timeout: 60_000 }, async (file) => {
    const recipe = recipes[file]?.(await read(file))
    if (recipe === undefined) throw new Error(`no recipe ${file}`)
    await using database = await freshDatabase(version)
    await using here = await project({
      ...programs,
      'migrations/1_users.sql': 'CREATE TABLE users (id int PRIMARY KEY, full_name text);',
    })
    for (const name of Object.keys(programs)) await chmod(join(here.folder, name), 0o755)
    const sh = (script: string, flags = '') => {
      const env = { PATH: `${join(here.folder, 'bin')}:/usr/bin:/bin`, HOME: here.folder, DIRECT_URL: database.url, COMPLETE_FLAGS: flags }
      const { status, stdout, stderr } = spawnSync('/bin/sh', ['-e', '-c', script], {
        cwd: here.folder,
        env,
        encoding: 'utf8',
        timeout: 30_000,
      })
      return { status, said: stdout + stderr }
    }
    const state = async () =>
      JSON.parse((await cliHere(['status', '--json', '--database-url', database.url], { cwd: here.folder })).stdout).migrations.at(-1).state
    expect(sh(recipe.expand)).toMatchObject({ status: 0 })
    await here.write({ 'migrations/2_name.sql': 'ALTER TABLE users RENAME COLUMN full_name TO name;' })
    expect(sh(recipe.expand)).toMatchObject({ status: 0 })
    expect(await state()).toBe('expanded')
    expect(sh(recipe.deploy ?? 'true')).toMatchObject({ status: 0 })
    const early = sh(recipe.contract)
    expect([0, ...recipe.allowed], early.said).toContain(early.status)
    expect(early.said).toContain('stays expanded')
    expect(await state()).toBe('expanded')
    expect(sh(recipe.contract, '--override unused --reason test')).toMatchObject({ status: 0 })
    expect(await state()).toBe('complete')
    // What is wrong is not taken for too early.
    expect(sh(recipe.contract, '--no-such-flag').status).toBe(1)
  })
})
