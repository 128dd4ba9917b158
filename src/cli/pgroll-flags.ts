import type { OptionSpec } from './option-spec.ts'

/** The flags that the verbs of pgroll take and ours do not, after parsing. */
export interface PgrollFlags {
  readonly expectOne?: boolean
  readonly local?: string
  /** Set by `validate` itself; no flag. */
  readonly mustRun?: boolean
}

export const pgrollFlags = {
  expectOne: { flags: '--expect-one', description: 'refuse where more than one file is pending' },
  local: { flags: '--local <folder>', description: 'the last file of this folder, whatever the database has' },
} as const satisfies { readonly [name: string]: OptionSpec }
