import { LockkeeperError } from '../model/errors.ts'

/** What a server said when it refused a statement. */
export interface Refusal {
  readonly sqlstate: string
  readonly message: string
}

/** The refusal in an error of the server; any other error is thrown on. */
export function refusalOf(error: unknown): Refusal {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  if (error instanceof LockkeeperError || typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) throw error
  return { sqlstate: code, message: String(message) }
}

// Undefined table, column, function, object, schema, file; no rights; a feature that is not there (0A000: an extension that is not installed).
const unseen = new Set(['42P01', '42703', '42883', '42704', '3F000', '58P01', '42501', '0A000'])

/** The sandbox lacks something that the target may have: nothing follows for the target. */
export function isUnseen(refusal: Refusal): boolean {
  return unseen.has(refusal.sqlstate)
}
