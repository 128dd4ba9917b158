import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { cliHere, project } from '../support/cli.ts'

const files = { 'db/1_a.sql': 'CREATE TABLE a (id int, b int);\n', 'db/2_b.sql': '\n  CREATE INDEX i ON a (b);\n' }

async function check(format: string, given: { readonly files?: object; readonly env?: { readonly [name: string]: string } } = {}) {
  const here = await project({ ...files, ...given.files })
  await using _ = here
  const env = Object.fromEntries(Object.entries(given.env ?? {}).map(([name, value]) => [name, value.replace('HERE', here.folder)]))
  const run = await cliHere(['check', 'db', '--format', format], { cwd: here.folder, env })
  const summary = await readFile(join(here.folder, 'summary.md'), 'utf8').catch(() => undefined)
  return { ...run, summary }
}

it('annotates for GitHub, and writes the summary of the job', async () => {
  const { status, stdout, stderr, summary } = await check('github', { env: { GITHUB_STEP_SUMMARY: 'HERE/summary.md' } })
  expect({ status, stderr }).toEqual({ status: 2, stderr: '' })
  expect(stdout).toContain('::error file=db/2_b.sql,line=2,endLine=2,col=3,endColumn=26,title=blocking-index-build::')
  expect(summary).toContain('| 🔴 error | 2 | blocking-index-build |')
  const lost = await check('github', { env: { GITHUB_STEP_SUMMARY: 'HERE/no/such/folder.md' } })
  expect(lost).toMatchObject({ status: 2, stderr: expect.stringContaining('cannot be written') as string })
})

it('begins paths at the root of the repository that the pipeline names', async () => {
  const { stdout } = await check('gitlab', { env: { CI_PROJECT_DIR: 'HERE/..' } })
  const paths = (JSON.parse(stdout) as { location: { path: string } }[]).map(({ location }) => location.path)
  expect(paths).toContainEqual(expect.stringMatching(/^lk-cli-\w+\/db\/2_b\.sql$/))
})

it('offers as a fix what apply would run, where the file can hold it', async () => {
  interface Log {
    readonly runs: readonly [{ readonly results: readonly { readonly ruleId: string; readonly fixes?: readonly object[] }[] }]
  }
  const concern = ['blocking-index-build', 'blocking-unique-constraint', 'validating-foreign-key']
  const fixes = async (two: string) => {
    const { runs } = JSON.parse((await check('sarif', { files: { 'db/2_b.sql': two } })).stdout) as Log
    return runs[0].results.filter(({ ruleId }) => concern.includes(ruleId)).flatMap((result) => result.fixes ?? [])
  }
  const replaced = (text: RegExp) => [
    { artifactChanges: [{ replacements: [{ insertedContent: { text: expect.stringMatching(text) as string } }] }] },
  ]
  expect(await fixes('CREATE INDEX i ON a (b);')).toMatchObject(replaced(/^CREATE INDEX CONCURRENTLY i ON public\.a \(b\)$/i))
  // Two statements run in one transaction, where it could not run, and its parts would not help.
  expect(await fixes('SELECT 1;\nCREATE INDEX i ON a (b);')).toEqual([])
  const foreignKey = 'ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES a (id);'
  const unique = 'ALTER TABLE a ADD CONSTRAINT u UNIQUE (id);'
  expect(await fixes(`-- +goose NO TRANSACTION\n${unique}\n${foreignKey}`)).toMatchObject([
    ...replaced(/CONCURRENTLY.*;\n.*USING INDEX/is),
    ...replaced(/NOT VALID;\n.*VALIDATE CONSTRAINT/is),
  ])
  expect(await fixes(`${unique}\n${foreignKey}`)).toEqual([])
})

it('takes standard input in every format, and refuses one that does not exist', async () => {
  const input = 'create table t (id int);\ncreate index on t (id);'
  for (const format of ['text', 'json', 'ndjson', 'github', 'gitlab', 'sarif', 'junit', 'markdown']) {
    const { status, stdout, stderr } = await cliHere(['check', '-', '--format', format, '--fail-on', 'never'], { input })
    expect({ format, status, stderr }).toEqual({ format, status: 0, stderr: '' })
    expect(stdout.length).toBeGreaterThan(0)
  }
  expect((await cliHere(['check', '-', '--format', 'sql'], { input })).status).toBe(1)
})

interface Workflow {
  readonly jobs: { readonly check: { readonly steps: readonly { readonly name?: string; readonly run?: string }[] } }
}

const workflow = async () => parse(await readFile('docs/ci/github.yml', 'utf8')) as Workflow

it('has pipelines that are YAML, and call the command with flags that it knows', async () => {
  const gitlab = parse(await readFile('docs/ci/gitlab.yml', 'utf8')) as { readonly lockkeeper: { readonly script: readonly string[] } }
  const scripts = [...(await workflow()).jobs.check.steps.flatMap(({ run }) => run ?? []), ...gitlab.lockkeeper.script].join('\n')
  const calls = scripts.match(/(?<=npx lockkeeper ).*/g) ?? []
  expect(calls).toHaveLength(6)
  await using here = await project(files)
  for (const call of calls) {
    const args = call
      .replace(/ >.*/, '')
      .replace(/--since \S+/, 'db')
      .split(' ')
    expect({ args, status: (await cliHere(args, { cwd: here.folder })).status }).toEqual({ args, status: call.includes('never') ? 0 : 2 })
  }
})

interface Comment {
  readonly id: number
  readonly user: { readonly login: string }
  body: string
}

/** The three calls of GitHub's interface that the workflow makes, over real HTTP. */
async function forge(comments: Comment[]): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    void answer(comments, request).then((body) => response.writeHead(body === undefined ? 401 : 200).end(JSON.stringify(body)))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function answer(comments: Comment[], request: IncomingMessage): Promise<unknown> {
  if (request.headers.authorization !== 'Bearer secret') return undefined
  const url = new URL(request.url ?? '', 'http://forge')
  if (request.method === 'GET') {
    const [size, page] = [Number(url.searchParams.get('per_page')), Number(url.searchParams.get('page'))]
    return comments.slice((page - 1) * size, page * size)
  }
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string
  const { body } = JSON.parse(text) as { body: string }
  const found = comments.find(({ id }) => url.pathname === `/one/${id}`)
  if (request.method === 'POST') comments.push({ id: 1000 + comments.length, user: { login: 'github-actions[bot]' }, body })
  else if (found !== undefined) found.body = body
  return {}
}

const bash = promisify(execFile)
const canRun = await bash('bash', ['-c', 'command -v jq curl']).then(
  () => true,
  () => false,
)

it.skipIf(!canRun)('finds its own comment among those of others, and updates it; the first time it makes one', async () => {
  const step = (await workflow()).jobs.check.steps.find(({ name }) => name === 'Comment')
  const others = Array.from({ length: 150 }, (_, id) => ({ id, user: { login: 'someone' }, body: `<!-- lockkeeper -->\n${id}` }))
  const comments: Comment[] = [...others]
  const { server, url } = await forge(comments)
  await using here = await project({ 'bin/npx': '#!/bin/sh\nprintf "%s" "$REPORT"\n' })
  const run = async (report: string) => {
    const env = {
      PATH: `${here.folder}/bin:${process.env['PATH'] ?? ''}`,
      GH_TOKEN: 'secret',
      COMMENTS: `${url}/all`,
      ONE_COMMENT: `${url}/one`,
      SINCE: 'main',
      REPORT: report,
    }
    await bash('bash', ['-c', `chmod +x bin/npx; ${step?.run ?? 'false'}`], { cwd: here.folder, env })
  }
  const hard = '<!-- lockkeeper -->\n"quoted" $HOME `x` \\n é 🔴'
  await run(hard)
  expect(comments).toHaveLength(151)
  expect(comments[150]?.body).toBe(hard)
  await run('<!-- lockkeeper -->\nsecond')
  expect(comments).toHaveLength(151)
  expect(comments[150]?.body).toBe('<!-- lockkeeper -->\nsecond')
  expect(comments.slice(0, 150)).toEqual(others)
  server.close()
})
