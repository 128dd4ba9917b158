/** What takes one statement back, as far as anything can. */
export interface Reversal {
  /** In the order in which they are to run. */
  readonly sql: readonly string[]
  /** Data that is gone or goes: "what public.users.junk held". */
  readonly lost: readonly string[]
  /** What nobody but the user can take back: "rows were changed: UPDATE users ...". */
  readonly byHand: readonly string[]
}

/** A new migration that makes the schema what it was behind an earlier one. */
export interface WayBack extends Reversal {
  /** The migrations that it takes back, the latest first. */
  readonly migrations: readonly string[]
}
