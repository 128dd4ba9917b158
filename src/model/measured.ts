/** What servers did with the last statement of a rule's first example. */
export interface Measured {
  readonly versions: readonly number[]
  /** `ACCESS EXCLUSIVE on public.t`, `rewrites public.t`; empty where it locks no table that was there. */
  readonly did: readonly string[]
  /** The server's own words, where it would not run it. */
  readonly refused?: string
}
