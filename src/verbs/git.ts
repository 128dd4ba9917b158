import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { LockkeeperError } from '../model/errors.ts'
import { present } from '../std/present.ts'

const run = promisify(execFile)
/** A repository on a cold network disk answers within seconds. */
const timeoutMs = 60_000

/** Absolute paths of files that are new or changed since `ref` forked off, in the working tree too. Throws `usage` where git knows no such ref. */
export async function changedSince(root: string, ref: string, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const git = async (...words: readonly string[]) => {
    const { stdout } = await run('git', ['-C', root, ...words], { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, ...present({ signal }) })
    return stdout
  }
  try {
    const commit = (await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`)).trim()
    const base = (await git('merge-base', commit, 'HEAD').catch(() => commit)).trim()
    const changed = await git('diff', '--name-only', '--relative', '--diff-filter=d', '-z', base)
    const untracked = await git('ls-files', '--others', '--exclude-standard', '-z')
    return new Set(
      `${changed}\0${untracked}`
        .split('\0')
        .filter((name) => name !== '')
        .map((name) => resolve(root, name)),
    )
  } catch (error) {
    signal?.throwIfAborted()
    throw new LockkeeperError('usage', `git cannot say what changed since "${ref}".`, {
      cause: error,
      hint: 'Give --since a branch, tag or commit of this repository (in CI, fetch enough history).',
    })
  }
}
