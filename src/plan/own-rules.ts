import type { OwnRule } from '../check/own-rules.ts'

/** What a plan stops at without a rule of an engine: how statements stand together, not what each does. */
export const planRules: readonly OwnRule[] = [
  {
    id: 'work-under-lock',
    title: 'A statement reads or writes a whole table while others wait behind its lock',
    why: 'No rule knows a way around this statement, and yet it works on a table for as long as the table is large, while readers or writers wait. It runs only where it is allowed by name.',
  },
  {
    id: 'cannot-split',
    title: 'Statements that must run in one transaction do more than may be done under a lock',
    why: 'A temporary table, a cursor, a savepoint or SET LOCAL ties statements together, so that they cannot become small steps; or the file takes back what it did. Put the statements that must stay together into a file of their own.',
  },
  {
    id: 'lock-held-through-code',
    title: 'Code that reads rows changes a table that is in use',
    why: 'A migration that decides by rows runs as one transaction, since nobody knows beforehand what it will do. A lock that it takes on a table in use is then held until its code ends, however long that takes. Put the change of the schema into a migration of its own.',
  },
]
