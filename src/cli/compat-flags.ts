import type { OptionSpec } from './option-spec.ts'

/** The flags that `compat` alone takes, after parsing. */
export interface CompatFlags {
  readonly queries?: string
  readonly log?: string
  readonly newQueries?: string
  readonly phase?: 'all' | 'expanded'
}

export const compatFlags = {
  queries: { flags: '--queries <file>', description: 'queries of the running application: SQL, or a JSON object {sql, calls} a line' },
  log: { flags: '--log <file>', description: "queries of the running application from the server's log (stderr, csvlog, jsonlog)" },
  newQueries: { flags: '--new-queries <file>', description: 'queries of the application that is to come' },
  phase: {
    flags: '--phase <what>',
    description: 'what counts for the exit status: expanded is what apply brings about, without complete (default: all)',
    choices: ['all', 'expanded'],
  },
} as const satisfies { readonly [name: string]: OptionSpec }
