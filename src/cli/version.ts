import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../std/own-files.ts'

/** The version in package.json. */
export function version(): string {
  const text = readFileSync(join(packageFolder, 'package.json'), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
