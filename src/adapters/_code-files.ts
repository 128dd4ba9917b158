/** A file's name without `.ts`, `.mjs` and the like: what `--to`, `abort` and the journal call a migration that is code. */
export function stem(name: string): string {
  return name.replace(/\.[mc]?[jt]s$/, '')
}

/** A module that can be run: no declarations of types, no tests. */
export function isScript(name: string): boolean {
  return /\.[mc]?[jt]s$/.test(name) && !/\.d\.[mc]?ts$/.test(name) && !/\.(?:test|spec)\.[mc]?[jt]s$/.test(name)
}
