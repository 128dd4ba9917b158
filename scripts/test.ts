import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastLine, runVitest, versionsToTest, type VitestResult } from './vitest.ts'

/** The tests of `npm test` take 20 minutes at most on two cores; past twice that something hangs. */
const limitMs = 40 * 60_000

// `npm test [-- WORD...]`: a word is part of a test file's path, else of a test's name. With an option of vitest all goes to vitest as it is.
process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  versionsToTest(process.env['LOCKKEEPER_PG'], '13,18')
  const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-test-'))
  try {
    const run = noneIsAFailure(await runVitest({ args: filters(words), env: {}, countsFile: join(folder, 'counts.json'), limitMs }))
    process.stdout.write(`${lastLine(run.counts)}\n`)
    return run.status
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Vitest is content where a name fits no test; whoever mistyped it would be told that all is well. */
function noneIsAFailure(run: VitestResult): VitestResult {
  if (run.counts.passed + run.counts.failed > 0) return run
  process.stderr.write('no test ran\n')
  return { counts: { ...run.counts, failed: 1 }, status: Math.max(run.status, 1) }
}

function filters(words: readonly string[]): readonly string[] {
  if (words.some((word) => word.startsWith('-'))) return words
  const known = [...testFiles('src'), ...testFiles('test')]
  const files = words.filter((word) => known.some((file) => file.includes(word)))
  const name = words.filter((word) => !files.includes(word)).join(' ')
  return name === '' ? files : [...files, '-t', name]
}

function testFiles(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.test.ts')).map((name) => `${folder}/${name}`)
}
