/** Set to 'on' for a transaction that writes what the sync triggers would have written, which then do not fire (operations/_sync.ts). */
export const inStepSetting = 'lockkeeper.in_step'

/**
 * Whether two lists of SQL expressions differ by their bytes: `=` does not exist for json and point, and calls 1.0 and 1.00, or 'A' and 'a' of
 * citext, the same. The function and not its operator: between two ROWs the parser puts the operator between each pair of their fields.
 */
export function differs(one: readonly string[], other: readonly string[]): string {
  return `pg_catalog.record_image_ne(ROW(${one.join(', ')}), ROW(${other.join(', ')}))`
}
