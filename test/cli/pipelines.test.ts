import { spawnSync } from 'node:child_process'
import { chmod, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { cliHere, project, type Project } from '../support/cli.ts'
import { kubectlScript } from '../support/kubectl.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

/** Scripts as the pipeline runs them: the first that fails ends the deploy. */
interface Recipe {
  readonly deploy: readonly string[]
  readonly contract: string
  /** Statuses of the contract that the pipeline lets pass by itself. */
  readonly allowed: readonly number[]
}

type Values = { readonly [key: string]: any }
interface Ended {
  readonly status: number | null
  readonly said: string
}

const text = async (file: string): Promise<string> => await readFile(`docs/pipelines/${file}`, 'utf8')
const read = async (file: string): Promise<Values> => parse(await text(file)) as Values
const stepOf = (job: Values) => String(job['steps'].at(-1).run)

const recipes: { readonly [name: string]: () => Promise<Recipe> } = {
  github: async () => {
    const { jobs } = await read('github.yml')
    return { deploy: [stepOf(jobs.expand), stepOf(jobs.deploy)], contract: stepOf(jobs.contract), allowed: [] }
  },
  gitlab: async () => {
    const { expand, deploy, contract } = await read('gitlab.yml')
    const script = (job: Values) => job['script'].join('\n')
    return { deploy: [script(expand), script(deploy)], contract: script(contract), allowed: contract.allow_failure.exit_codes }
  },
  kubernetes: async () => ({
    deploy: ['RELEASE=1.4.2 sh recipe/deploy.sh'],
    contract: (await read('kubernetes/contract.yml'))['spec'].jobTemplate.spec.template.spec.containers[0].args[0],
    allowed: [],
  }),
}
const names = Object.keys(recipes)

const main = resolve('src/cli/main.ts')
// The recipes say npx, which would look for a package.
const npx = `#!/bin/sh\nshift\nexec "${process.execPath}" --import "${import.meta.resolve('tsx')}" "${main}" "$@"\n`
const npxThatEndsWith = (status: number) => `#!/bin/sh\necho "$@" >> "$HOME/ran"\nexit ${status}\n`

async function pipeline(name: string, programs: { readonly npx: string; readonly url?: string }) {
  const recipe = await recipes[name]?.()
  if (recipe === undefined) throw new Error(`no recipe ${name}`)
  const files = ['deploy.sh', 'expand.yml', 'contract.yml']
  const copies = await Promise.all(files.map(async (file) => [`recipe/${file}`, await text(`kubernetes/${file}`)] as const))
  const here = await project({ 'bin/npx': programs.npx, 'bin/kubectl': kubectlScript(), ...Object.fromEntries(copies) })
  for (const program of ['npx', 'kubectl']) await chmod(join(here.folder, 'bin', program), 0o755)
  const env = { PATH: `${join(here.folder, 'bin')}:/usr/bin:/bin`, HOME: here.folder, DIRECT_URL: programs.url ?? '', EXPAND_LIMIT: '20' }
  const sh = (script: string, flags = ''): Ended => {
    const options = { cwd: here.folder, env: { ...env, COMPLETE_FLAGS: flags }, encoding: 'utf8', timeout: 60_000 } as const
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-e', '-c', script], options)
    return { status, said: stdout + stderr }
  }
  const deploy = (): Ended => {
    let ended: Ended = { status: 0, said: '' }
    for (const script of recipe.deploy) if (ended.status === 0) ended = sh(script)
    return ended
  }
  const contract = (flags?: string): Ended & { readonly passes: boolean } => {
    const ended = sh(recipe.contract, flags)
    return { ...ended, passes: [0, ...recipe.allowed].includes(ended.status ?? -1) }
  }
  const calls = async (): Promise<string> => await readFile(join(here.folder, 'cluster/calls'), 'utf8').catch(() => '')
  return { here, deploy, contract, calls, [Symbol.asyncDispose]: async () => await here[Symbol.asyncDispose]() }
}

const podsOf = ({ said }: Ended) => [...said.matchAll(/^pod .* ended with (.*)$/gm)].map(([, status]) => Number(status))
const rolledOut = 'rollout status deployment/shop'

async function stateOf(here: Project, url: string): Promise<string> {
  return JSON.parse((await cliHere(['status', '--json', '--database-url', url], { cwd: here.folder })).stdout).migrations.at(-1).state
}

forEachVersion('a recipe for a pipeline', (version) => {
  test.each(names)('of %s expands, deploys, and contracts when it may', { timeout: 90_000 }, async (name) => {
    await using database = await freshDatabase(version)
    await using line = await pipeline(name, { npx, url: database.url })
    await line.here.write({ 'migrations/1_users.sql': 'CREATE TABLE users (id int PRIMARY KEY, full_name text);' })
    expect(line.deploy()).toMatchObject({ status: 0 })
    await line.here.write({ 'migrations/2_name.sql': 'ALTER TABLE users RENAME COLUMN full_name TO name;' })
    expect(line.deploy()).toMatchObject({ status: 0 })
    expect(await stateOf(line.here, database.url)).toBe('expanded')
    expect((await line.calls()).split(rolledOut)).toHaveLength(3)
    const early = line.contract()
    expect(early.passes, early.said).toBe(true)
    expect(early.said).toContain('stays expanded')
    expect(await stateOf(line.here, database.url)).toBe('expanded')
    expect(line.contract('--override unused --reason test')).toMatchObject({ status: 0 })
    expect(await stateOf(line.here, database.url)).toBe('complete')
    // What is wrong is not taken for too early.
    expect(line.contract('--no-such-flag').status).toBe(1)
  })

  test.each(names)('of %s does not deploy what was refused', { timeout: 90_000 }, async (name) => {
    await using database = await freshDatabase(version, { setup: 'CREATE TABLE users (id int PRIMARY KEY, full_name text)' })
    await using line = await pipeline(name, { npx, url: database.url })
    await line.here.write({ 'migrations/1_wide.sql': 'ALTER TABLE users ALTER COLUMN id TYPE bigint;' })
    expect(line.deploy()).toMatchObject({ status: name === 'kubernetes' ? 1 : 3, said: expect.stringContaining('result-type') })
    expect(await line.calls()).not.toContain('rollout')
  })

  test.each(names)('of %s does not deploy what waits for a contract, until that is done', { timeout: 90_000 }, async (name) => {
    await using database = await freshDatabase(version, { setup: 'CREATE TABLE users (id int PRIMARY KEY, full_name text)' })
    await using line = await pipeline(name, { npx, url: database.url })
    await line.here.write({
      'migrations/1_name.sql': 'ALTER TABLE users RENAME COLUMN full_name TO name;',
      'migrations/2_drop.sql': 'ALTER TABLE users DROP COLUMN name;',
    })
    // The Job repeats status 5 by itself; elsewhere somebody runs it again.
    const tried = name === 'kubernetes' ? podsOf(line.deploy()) : [line.deploy().status, line.deploy().status]
    expect(tried).toEqual([5, 3])
    expect(await line.calls()).not.toContain('rollout')
    expect(line.contract('--override unused --reason test')).toMatchObject({ status: 0 })
    expect(line.deploy()).toMatchObject({ status: 0 })
    expect(await line.calls()).toContain(rolledOut)
  })
})

test.each(names)('%s deploys at status 0 alone, and lets a contract pass at 0, 3 and 4 alone', { timeout: 60_000 }, async (name) => {
  for (const status of [0, 1, 2, 3, 4, 5]) {
    await using line = await pipeline(name, { npx: npxThatEndsWith(status) })
    expect(line.deploy().status === 0, `deploy at ${status}`).toBe(status === 0)
    expect((await line.calls()).includes(rolledOut), `rollout at ${status}`).toBe(status === 0)
    expect(line.contract().passes, `contract at ${status}`).toBe([0, 3, 4].includes(status))
    // The two wait for each other, and ask nobody.
    const ran = (await readFile(join(line.here.folder, 'ran'), 'utf8')).trim().split('\n')
    expect(ran.filter((command) => !/^lockkeeper (apply|complete) --yes --run-lock-timeout 10m ?$/.test(command))).toEqual([])
  }
})

test.each([0, 1, 2, 3, 4, 5])('the Job of Kubernetes is repeated only where that helps: status %i', { timeout: 30_000 }, async (status) => {
  await using line = await pipeline('kubernetes', { npx: npxThatEndsWith(status) })
  expect(line.deploy().said.includes('failed. Nothing was rolled out')).toBe(status !== 0)
  const log = await readFile(join(line.here.folder, 'cluster/job.batch_expand-0.log'), 'utf8')
  expect(log.match(/^pod/gm)).toHaveLength([4, 5].includes(status) ? 4 : 1)
})

test('each deploy to Kubernetes makes a Job of its own, with the image of the release, and every wait ends', async () => {
  await using line = await pipeline('kubernetes', { npx: npxThatEndsWith(0) })
  expect([line.deploy().status, line.deploy().status]).toEqual([0, 0])
  const calls = await line.calls()
  expect(calls).toContain('set image deployment/shop shop=registry.example.com/shop:1.4.2')
  expect(new Set(calls.match(/job\.batch\/expand-\S+/g)).size).toBe(2)
  expect(calls.match(/^(wait|rollout) .*$/gm)?.filter((call) => !call.includes('--timeout='))).toEqual([])
  expect(await readFile(join(line.here.folder, 'cluster/cronjob'), 'utf8')).toContain('"image":"registry.example.com/shop:1.4.2"')
  const { metadata, spec } = await read('kubernetes/expand.yml')
  expect(metadata).toEqual({ generateName: 'expand-' })
  // Without it the server refuses a podFailurePolicy.
  expect(spec.template.spec.restartPolicy).toBe('Never')
  expect(spec.template.spec.containers[0].image).toBe('registry.example.com/shop:RELEASE')
})

test('a failed expansion keeps the deploy from starting, and a scheduled run takes no place of a deploy', async () => {
  const { jobs, concurrency } = await read('github.yml')
  expect(concurrency).toEqual({ 'group': 'lockkeeper-${{ github.event_name }}', 'cancel-in-progress': false })
  expect(jobs.deploy).toMatchObject({ needs: 'expand' })
  for (const job of [jobs.expand, jobs.deploy]) expect(JSON.stringify(job)).not.toMatch(/continue-on-error|always\(\)/)
  const gitlab = await read('gitlab.yml')
  expect(gitlab['stages']).toEqual(['expand', 'deploy', 'contract'])
  for (const name of gitlab['stages']) expect(gitlab[name].stage).toBe(name)
  for (const name of ['expand', 'deploy']) expect(gitlab[name]).not.toHaveProperty('allow_failure')
  for (const name of ['expand', 'deploy']) expect(gitlab[name]).not.toHaveProperty('needs')
  expect(gitlab['contract'].allow_failure).toEqual({ exit_codes: [3, 4] })
})
