import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ThrottleKind } from '../model/throttle.ts'
import { limitOf } from './_text.ts'

/** Whether a file is there, on the machine where lockkeeper runs: `touch` pauses, `rm` goes on. One that cannot be looked at (EACCES) holds. */
export const pauseFile: ThrottleKind = {
  id: 'pause-file',
  summary: 'a file is there',
  example: '/run/lockkeeper.pause',
  open(value) {
    const path = limitOf(pauseFile, value, pathIn)
    const read = async () => {
      const there = await exists(path)
      return { load: there ? 1 : 0, reason: there ? `${path} is there; remove it to go on` : `${path} is not there` }
    }
    return { id: pauseFile.id, everyMs: 500, read }
  },
}

function pathIn(value: string): string | undefined {
  return value.trim() === '' || value.includes('\0') ? undefined : resolve(value.trim())
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
