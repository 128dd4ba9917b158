import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { cli, cliHere, flat, project, startCli } from '../support/cli.ts'

describe('the list of commands', () => {
  it('names every file in commands/, with the name and summary of its module', async () => {
    const files = readdirSync('src/cli/commands')
      .filter((name) => !name.startsWith('_'))
      .map((name) => name.replace(/\.ts$/, ''))
    expect(commands.map((entry) => entry.name).toSorted()).toEqual(files.toSorted())
    for (const entry of commands) expect(await entry.load()).toMatchObject({ name: entry.name, summary: entry.summary })
  })
})

describe('the command line', () => {
  it('lists all commands in --help, on standard output', async () => {
    const { status, stdout, stderr } = await cli(['--help'])
    expect(status).toBe(0)
    expect(stderr).toBe('')
    for (const entry of commands) expect(stdout).toContain(entry.summary.slice(0, 30))
  })

  it('answers an unknown command with the nearest one, on standard error, status 1', async () => {
    const { status, stdout, stderr } = await cliHere(['stauts'])
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(flat(stderr)).toContain('There is no command "stauts"')
    expect(flat(stderr)).toContain('Did you mean status?')
  })

  it('answers an unknown flag with the nearest one', async () => {
    const { status, stderr } = await cliHere(['status', '--exit-cod'])
    expect(status).toBe(1)
    expect(flat(stderr)).toContain('Did you mean --exit-code?')
  })

  it.each([
    [['check', '--server', 'postgres@9'], 'PostgreSQL 9 is not supported', 'server-unsupported'],
    [['check', '--server', 'mysql@8'], 'mysql is not supported', 'engine-unsupported'],
    [['apply', '--lock-timeout', 'soon'], '"soon" is not a time', 'usage'],
    [['apply', '--window', '2-4'], '"2-4" is not a window', 'usage'],
    [['apply', '--max-attempts', '0'], '"0" is not a count', 'usage'],
    [['check', '--fail-on', 'always'], 'Allowed choices are error, warning, never', 'usage'],
  ])('refuses %j and says what is wrong with it', async (args, message, code) => {
    const { status, stderr } = await cliHere(args)
    expect(status).toBe(1)
    expect(flat(stderr)).toContain(message)
    expect(flat(stderr)).toContain(`(${code})`)
  })

  it('gives an error as one JSON document on standard output with --json', async () => {
    const { status, stdout } = await cliHere(['status', '--json'])
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      format: 1,
      command: 'status',
      error: { code: 'no-database-url', hint: expect.stringContaining('DATABASE_URL') },
    })
  })

  it('prints no line wider than 40 columns where the terminal has no more, save what cannot be broken', async () => {
    await using here = await project({ 'x.sql': 'select 1;' })
    const { stderr } = await cliHere(['status', 'x.sql', '--database-url', 'postgres://nobody@127.0.0.1:1/none'], {
      cwd: here.folder,
      env: { COLUMNS: '40' },
    })
    expect(flat(stderr)).toContain('(unreachable)')
    const wide = stderr.split('\n').filter((line) => line.length > 40 && line.trim().includes(' '))
    expect(wide).toEqual([])
  })

  it('hides a password in the arguments from the process list', async () => {
    const running = startCli(['check', '-', '--database-url', 'postgres://someone:hunter2secret@192.0.2.1/none'])
    const seen = await titleOf(running.pid)
    running.kill('SIGTERM')
    await running.done
    expect(seen).toContain('lockkeeper check')
    expect(seen).not.toContain('hunter2secret')
  })
})

/** What `ps` shows, once the process has had the time to overwrite it. */
async function titleOf(pid: number): Promise<string> {
  for (let tries = 0; tries < 1200; tries += 1) {
    const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (title.startsWith('lockkeeper')) return title
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
}

describe('the configuration file', () => {
  it.each([
    ['an unknown key', '{"databaseURL": "x"}', 'there is no key "databaseURL"'],
    ['a wrong type', '{"maxAttempts": "three"}', '"maxAttempts" must be a whole number from 1'],
    ['a wrong time', '{"lockTimeout": "soon"}', '"lockTimeout" must be a time such as "100ms"'],
    ['broken JSON', '{"databaseUrl": "postgres://u:hunter2secret@h/d" "x": 1}', 'it has a syntax error'],
    ['a URL that is no text', '{"databaseUrl": ["postgres://u:hunter2secret@h/d"]}', '"databaseUrl" must be a postgres:// URL'],
  ])('with %s is refused, naming the key and never the value', async (_, text, message) => {
    await using here = await project({ 'lockkeeper.config.json': text })
    const { status, stdout, stderr } = await cliHere(['status'], { cwd: here.folder })
    expect(status).toBe(1)
    expect(flat(stderr)).toContain(message)
    expect(flat(stderr)).toContain('(config-invalid)')
    expect(stdout + stderr).not.toContain('hunter2secret')
  })

  it('may be TypeScript that imports lockkeeper without having it installed', async () => {
    await using here = await project({
      'lockkeeper.config.ts': `import { defineConfig } from 'lockkeeper'\nconst port: number = 1\nexport default defineConfig({ databaseUrl: \`postgres://nobody@127.0.0.1:\${port}/none\` })\n`,
      'deep/er/x.sql': 'select 1;',
    })
    const { stderr } = await cliHere(['status', 'x.sql'], { cwd: `${here.folder}/deep/er` })
    expect(flat(stderr)).toContain('127.0.0.1:1')
    expect(flat(stderr)).toContain('(unreachable)')
  })

  it('in TypeScript with an error never shows its text', async () => {
    await using here = await project({ 'lockkeeper.config.ts': `export default { databaseUrl: 'postgres://u:hunter2secret@h/d' x }\n` })
    const { status, stdout, stderr } = await cliHere(['status'], { cwd: here.folder })
    expect(status).toBe(1)
    expect(flat(stderr)).toContain('(config-invalid)')
    expect(stdout + stderr).not.toContain('hunter2secret')
  })

  it('gives way to the flags, and wins over the environment', async () => {
    await using here = await project({
      'lockkeeper.config.json': '{"databaseUrl": "postgres://nobody@127.0.0.1:2/none"}',
      'x.sql': 'select 1;',
    })
    const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:3/none', DIRECT_URL: 'postgres://nobody@127.0.0.1:4/none' }
    const file = await cliHere(['status', 'x.sql'], { cwd: here.folder, env })
    expect(file.stderr).toContain('127.0.0.1:2')
    const flag = await cliHere(['status', 'x.sql', '--database-url', 'postgres://nobody@127.0.0.1:1/none'], { cwd: here.folder, env })
    expect(flag.stderr).toContain('127.0.0.1:1')
    const direct = await cliHere(['status', 'x.sql'], { cwd: '/', env })
    expect(direct.stderr).toMatch(/127\.0\.0\.1:4|does not exist/)
  })

  it('does not read .env behind anyone’s back, but says that it could', async () => {
    await using here = await project({ '.env': 'DATABASE_URL="postgres://nobody:hunter2secret@127.0.0.1:5/none"\n', 'x.sql': 'select 1;' })
    const without = await cliHere(['status', 'x.sql'], { cwd: here.folder })
    expect(flat(without.stderr)).toContain('--env-file .env')
    expect(flat(without.stderr)).toContain('(no-database-url)')
    const given = await cliHere(['status', 'x.sql', '--env-file', '.env'], { cwd: here.folder })
    expect(given.stderr).toContain('127.0.0.1:5')
    expect(given.stdout + given.stderr).not.toContain('hunter2secret')
  })
})
