/** A finding that `check` makes without a rule of an engine: about its own comments, or about what the sandbox's server refused. */
export interface OwnRule {
  readonly id: string
  readonly title: string
  readonly why: string
}

export const ownRules: readonly OwnRule[] = [
  {
    id: 'statement-fails',
    title: 'The server refuses the statement',
    why: 'The migrations before it were run on a real, empty PostgreSQL, and there the statement failed. It would fail on the target too, after whatever the file had committed before it.',
  },
  {
    id: 'suppression-without-reason',
    title: 'A suppression gives no reason',
    why: 'A comment that ignores a finding must say why, for whoever reads the file next. Without a reason it ignores nothing.',
  },
  {
    id: 'suppression-expired',
    title: 'A suppression is past its day',
    why: 'The comment named a day until which the finding was to be ignored. That day is over, so the finding stands again.',
  },
  {
    id: 'schema-sync-in-production',
    title: 'The schema follows the models where the data is',
    why: 'prisma db push, drizzle-kit push and synchronize compare the models with the database and make it follow at once. A renamed field is a dropped column, an older version that starts again drops what the newer one added, and every lock is taken as it comes. They are for a development machine; where the data is, run migrations that somebody has read.',
  },
]
