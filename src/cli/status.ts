import type { LockkeeperError } from '../model/errors.ts'

/** The exit status of an error: 3 and 4 promise that nothing was committed; where this run did commit something it is 5. */
export function statusOf(error: LockkeeperError): number {
  return error.details['committed'] === true ? 5 : error.exit
}
