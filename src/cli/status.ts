import type { LockkeeperError } from '../model/errors.ts'

/** The exit status of an error: 3 and 4 say that nothing was committed; where this run did commit a step they become 5. */
export function statusOf(error: LockkeeperError): number {
  const part = error.details['committed'] === true
  return part && error.exit !== 1 ? 5 : part ? 5 : error.exit
}
