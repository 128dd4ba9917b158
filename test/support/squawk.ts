import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The program itself, not the JavaScript that starts it. */
export function squawkProgram(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('squawk-cli/package.json'))
  return join(dirname(require.resolve(`@squawk-cli/${process.platform}-${process.arch}/package.json`)), 'bin/squawk')
}
