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
    id: 'suppression-unknown-rule',
    title: 'A suppression names no rule that exists',
    why: 'The comment is meant to ignore a finding, and none goes by that name: a slip of the pen, or a rule that was renamed. It ignores nothing.',
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
    id: 'suppression-unused',
    title: 'A suppression has nothing to suppress',
    why: 'The finding that the comment ignored is gone, or the comment stands above another statement than the one that it is about. Left in place it would hide the next finding of its rule.',
  },
  {
    id: 'baseline-unused',
    title: 'The baseline accepts a finding that is gone',
    why: 'lockkeeper.baseline.json names a finding that is no longer made: the statement or the verdict has changed. lockkeeper check --write-baseline brings the file up to date.',
  },
  {
    id: 'schema-sync-in-production',
    title: 'The schema follows the models where the data is',
    why: 'prisma db push, drizzle-kit push and synchronize compare the models with the database and make it follow at once. A renamed field is a dropped column, an older version that starts again drops what the newer one added, and every lock is taken as it comes. They are for a development machine; where the data is, run migrations that somebody has read.',
  },
]

/** What is wrong with suppressions themselves: no comment and no baseline takes it back. */
export const suppressionRules: ReadonlySet<string> = new Set([
  'suppression-unknown-rule',
  'suppression-without-reason',
  'suppression-expired',
  'suppression-unused',
  'baseline-unused',
])
