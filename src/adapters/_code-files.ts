/** A file's name without `.ts`, `.mjs` and the like: what `--to`, `abort` and the journal call a migration that is code. */
export function stem(name: string): string {
  return name.replace(/\.[mc]?[jt]s$/, '')
}

/** A module that can be run: no declarations of types, no tests. */
export function isScript(name: string): boolean {
  return /\.[mc]?[jt]s$/.test(name) && !/\.d\.[mc]?ts$/.test(name) && !/\.(?:test|spec)\.[mc]?[jt]s$/.test(name)
}

// `exports.up =`, `export async function up(`, `export const up =`, `module.exports = { up, down }`, `export default { up }`, `export { up }`.
const up =
  /\bexports\.up\b|\bexport\s+(?:async\s+)?(?:function\*?|const|let|var)\s+up\b|\b(?:module\.exports\s*=|export\s+default|export\s*\{)[^;]*\bup\b/

/** Whether a module's text exports a function `up`; what it hides from us, running it would tell. */
export function exportsUp(text: string): boolean {
  return up.test(text)
}
