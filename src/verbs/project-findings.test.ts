import { expect, test } from 'vitest'
import type { Files } from '../model/adapter.ts'
import { findInProject } from './project-findings.ts'

/** Files in memory, as a project would have them. */
function project(contents: { readonly [path: string]: string }): Files {
  const paths = Object.keys(contents)
  const folders = new Set([
    '.',
    ...paths.flatMap((path) =>
      path
        .split('/')
        .slice(0, -1)
        .map((_part, at, all) => all.slice(0, at + 1).join('/')),
    ),
  ])
  const inside = (folder: string): readonly string[] => {
    const prefix = folder === '.' ? '' : `${folder}/`
    return [...new Set(paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length).split('/')[0] ?? ''))]
  }
  const kind = (path: string): 'file' | 'folder' | undefined =>
    contents[path] !== undefined ? 'file' : folders.has(path) ? 'folder' : undefined
  return {
    root: '/project',
    exists: async (path) => await Promise.resolve(kind(path)),
    list: async (folder) =>
      await Promise.resolve(inside(folder).map((name) => ({ name, kind: kind(folder === '.' ? name : `${folder}/${name}`) ?? 'file' }))),
    read: async (path) => await Promise.resolve(new TextEncoder().encode(contents[path] ?? '')),
  }
}

const places = async (contents: { readonly [path: string]: string }): Promise<readonly string[]> =>
  (await findInProject(project(contents))).map(({ file, line }) => `${file}:${line}`)

const scripts = (named: { readonly [script: string]: string }): { readonly [path: string]: string } => ({
  'package.json': JSON.stringify({ name: 'x', scripts: named }, null, 2),
})

test.each([
  'deploy',
  'start',
  'prestart',
  'release',
  'postinstall',
  'heroku-postbuild',
  'vercel-build',
  'start:prod',
  'db:deploy',
  'build',
])('a script called %s must not push the schema', async (script) => {
  for (const command of [
    'prisma db push --accept-data-loss',
    'npx drizzle-kit push',
    'npx prisma@7 db push',
    'drizzle-kit push:pg',
    'typeorm schema:sync',
  ])
    expect(await places(scripts({ lint: 'oxlint', [script]: `${command} && node .` }))).toEqual(['package.json:5'])
})

test.each(['dev', 'test', 'predev', 'start:dev', 'test:deploy', 'db:push', 'postinstall:local', 'build:test', 'e2e'])(
  'a script called %s may',
  async (script) => expect(await places(scripts({ [script]: 'prisma db push' }))).toEqual([]),
)

test.each([
  'prisma migrate deploy',
  'drizzle-kit migrate',
  'drizzle-kit push-notes',
  'git push',
  'echo prisma db pull',
  'npm run unknown',
  'npm run start',
])('%s is no push', async (command) => expect(await places(scripts({ start: command }))).toEqual([]))

test('a push is found through the scripts that are run, and named', async () => {
  const [found] = await findInProject(
    project(scripts({ 'db:push': 'prisma db push', 'setup': 'yarn db:push && node seed', 'release': 'pnpm run --silent setup' })),
  )
  expect(found).toMatchObject({
    rule: 'schema-sync-in-production',
    severity: 'error',
    message: expect.stringContaining('the script release by setup by db:push runs prisma db push') as string,
    fix: 'Run prisma migrate deploy, or lockkeeper apply, there.',
    file: 'package.json',
    line: 6,
  })
})

test('scripts that come before and after by their names are run too', async () => {
  expect(await places(scripts({ prerelease: 'true', release: 'node .', postrelease: 'npm run sync', sync: 'drizzle-kit push' }))).toEqual([
    'package.json:5',
    'package.json:6',
  ])
})

const push = scripts({ 'db:push': 'prisma db push' })

test.each([
  ['Dockerfile', 'FROM node\n# prisma db push\nCMD ["sh", "-c", "npx prisma db push && node ."]', 3],
  ['Dockerfile', 'FROM node\nRUN npm ci\nCMD npm run db:push && node .', 3],
  ['docker/Dockerfile.prod', 'CMD drizzle-kit push', 1],
  ['docker-compose.yml', 'services:\n  app:\n    command: npx prisma db push', 3],
  ['compose.yaml', 'services:\n  app:\n    environment:\n      TYPEORM_SYNCHRONIZE: "true"', 4],
  ['Procfile', 'release: npm run db:push\nweb: node .', 1],
  ['entrypoint.sh', '#!/bin/sh\nprisma db push', 2],
] as const)('%s is where the data is: %j', async (file, text, line) => {
  expect(await places({ ...push, [file]: text })).toEqual([`${file}:${line}`])
})

test.each(['Dockerfile.dev', 'docker-compose.test.yml', 'docker-compose.override.yml', 'Procfile.dev', 'dev.Dockerfile'])(
  '%s is not',
  async (file) => expect(await places({ [file]: 'CMD prisma db push' })).toEqual([]),
)

const workflow = (job: string, more = ''): string =>
  `name: pipeline\non: push\njobs:\n  ${job}:\n    runs-on: ubuntu\n${more}    steps:\n      - run: npm ci\n      - run: npx prisma db push\n  other:\n    steps: []\n`

test('a job that deploys must not push; one that tests may, and so may one that brings its own database', async () => {
  expect(await places({ '.github/workflows/main.yml': workflow('deploy') })).toEqual(['.github/workflows/main.yml:8'])
  expect(await places({ '.github/workflows/main.yml': workflow('ship', '    environment: production\n') })).toEqual([
    '.github/workflows/main.yml:9',
  ])
  expect(await places({ '.github/workflows/deploy.yml': workflow('ship') })).toEqual(['.github/workflows/deploy.yml:8'])
  expect(await places({ '.github/workflows/deploy.yml': workflow('test') })).toEqual([])
  expect(await places({ '.github/workflows/ci.yml': workflow('ship') })).toEqual([])
  expect(await places({ '.github/workflows/ci.yml': workflow('release', '    services: {db: {image: postgres}}\n') })).toEqual([])
  expect(await places({ '.github/workflows/broken.yml': `${workflow('deploy')}  x: "` })).toEqual([])
})

test('a job of GitLab is told by its name and stage', async () => {
  const job = (stage: string): string => `stages: [a]\nthing:\n  stage: ${stage}\n  script:\n    - npx drizzle-kit push\n`
  expect(await places({ '.gitlab-ci.yml': job('deploy') })).toEqual(['.gitlab-ci.yml:5'])
  expect(await places({ '.gitlab-ci.yml': job('test') })).toEqual([])
})

const dataSource = (synchronize: string): string =>
  `import { DataSource } from "typeorm"\nexport const source = new DataSource({\n  type: "postgres", // synchronize: true,\n  ${synchronize}\n  entities: [],\n})\n`

test.each(['synchronize: true,', '"synchronize": true,', "synchronize: process.env.NODE_ENV === 'production',", 'synchronize: !0,'])(
  '%s is found in a data source',
  async (text) => expect(await places({ 'src/data-source.ts': dataSource(text) })).toEqual(['src/data-source.ts:4']),
)

test.each([
  'synchronize: false,',
  "synchronize: process.env.NODE_ENV !== 'production',",
  "synchronize: process.env.NODE_ENV === 'development',",
  'synchronize: isLocal,',
  '// synchronize: true,',
  "comment: 'synchronize: true', ",
])('%s is fine', async (text) => {
  expect(await places({ 'src/data-source.ts': dataSource(text) })).toEqual([])
})

test('ormconfig.json and a module of Nest are looked at, those of tests and of other databases are not', async () => {
  const json = '{\n  "type": "postgres",\n  "synchronize": true\n}'
  expect(await places({ 'ormconfig.json': json })).toEqual(['ormconfig.json:3'])
  expect(await places({ 'src/app.module.ts': `TypeOrmModule.forRoot({\n  type: 'postgres',\n  synchronize: true\n})` })).toEqual([
    'src/app.module.ts:3',
  ])
  expect(await places({ 'ormconfig.dev.json': json, 'src/data-source.test.ts': dataSource('synchronize: true,') })).toEqual([])
  expect(await places({ 'src/data-source.ts': dataSource('synchronize: true,').replace('postgres', 'sqlite') })).toEqual([])
})

test('a project without any of these files, and broken ones, say nothing', async () => {
  expect(await places({})).toEqual([])
  expect(await places({ 'package.json': '{' })).toEqual([])
  expect(await places({ 'package.json': '{"scripts": ["prisma db push"]}' })).toEqual([])
})
