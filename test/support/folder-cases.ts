import type { Look } from './version-cases.ts'

/** A change as an ORM's folder has it, with an application of either version that writes what it is about. */
export interface FolderCase {
  readonly name: string
  /** The statements of the second migration, as the ORM writes them or as its user edits them. */
  readonly change: readonly string[]
  readonly old: Look
  readonly new: Look
  readonly up?: (value: string) => string
  readonly down?: (value: string) => string
  /** It has no contract: the applications cannot notice it, or the user takes it upon himself. */
  readonly atOnce?: true
  readonly allow?: readonly string[]
  /** What we do beyond the statements. */
  readonly also?: string
}

/** As both ORMs create tables, statement by statement. */
export const folderInit: readonly string[] = [
  `CREATE TYPE "Mood" AS ENUM ('GLAD', 'SAD')`,
  `CREATE TABLE "users" (
    "id" SERIAL NOT NULL,
    "name" TEXT,
    "visits" INTEGER NOT NULL DEFAULT 0,
    "mood" "Mood" NOT NULL DEFAULT 'GLAD',
    "first" TEXT,
    "last" TEXT,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
)`,
  `CREATE TABLE "posts" (
    "id" SERIAL NOT NULL,
    "author_id" INTEGER NOT NULL,

    CONSTRAINT "posts_pkey" PRIMARY KEY ("id")
)`,
  `CREATE UNIQUE INDEX "users_visits_name_key" ON "users"("visits", "name", "id")`,
  `ALTER TABLE "posts" ADD CONSTRAINT "posts_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE`,
]

export const folderRows = `INSERT INTO users (name, visits, first, last) SELECT 'n' || i, i, 'f' || i, 'l' || i FROM generate_series(1, 200) i;
  INSERT INTO posts (author_id) SELECT i FROM generate_series(1, 50) i`

const users = (column: string, value: Look['value']): Look => ({ table: 'users', column, value })
const name = users('name', (n) => `n${n}`)
const visits = users('visits', (n) => String(n))
const same = (value: string) => value

export const folderCases: readonly FolderCase[] = [
  {
    name: 'RENAME COLUMN',
    change: ['ALTER TABLE "users" RENAME COLUMN "name" TO "fullName"'],
    old: name,
    new: { ...name, column: 'fullName' },
    up: same,
    down: same,
  },
  {
    name: 'RENAME TABLE',
    change: ['ALTER TABLE "users" RENAME TO "accounts"'],
    old: name,
    new: { ...name, table: 'accounts' },
    up: same,
    down: same,
  },
  { name: 'DROP COLUMN', change: ['ALTER TABLE "users" DROP COLUMN "first"'], old: users('first', (n) => `f${n}`), new: name },
  {
    name: 'DROP TABLE',
    change: ['ALTER TABLE "posts" DROP CONSTRAINT "posts_author_id_fkey"', 'DROP TABLE "posts"'],
    old: name,
    new: name,
    up: same,
    down: same,
  },
  {
    name: 'int to bigint',
    change: ['ALTER TABLE "users" ALTER COLUMN "visits" SET DATA TYPE BIGINT'],
    old: visits,
    new: visits,
    up: same,
    atOnce: true,
    allow: ['result-type'],
  },
  {
    name: 'int to bigint of a key with a foreign key to it',
    change: [
      'ALTER TABLE "posts" DROP CONSTRAINT "posts_author_id_fkey"',
      'ALTER TABLE "posts" ALTER COLUMN "author_id" SET DATA TYPE BIGINT',
      `ALTER TABLE "users" DROP CONSTRAINT "users_pkey",
ALTER COLUMN "id" SET DATA TYPE BIGINT,
ADD CONSTRAINT "users_pkey" PRIMARY KEY ("id")`,
      'ALTER TABLE "posts" ADD CONSTRAINT "posts_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE',
    ],
    old: name,
    new: name,
    up: same,
    atOnce: true,
    allow: ['result-type'],
    // A serial that ends where its column ended would fail with the column wide open.
    also: 'ALTER SEQUENCE users_id_seq AS bigint',
  },
  {
    name: "an enum that loses a value, as Prisma's own sequence",
    change: [
      `BEGIN;
CREATE TYPE "Mood_new" AS ENUM ('GLAD', 'CALM', 'SAD');
ALTER TABLE "users" ALTER COLUMN "mood" DROP DEFAULT;
ALTER TABLE "users" ALTER COLUMN "mood" TYPE "Mood_new" USING ("mood"::text::"Mood_new");
ALTER TYPE "Mood" RENAME TO "Mood_old";
ALTER TYPE "Mood_new" RENAME TO "Mood";
DROP TYPE "Mood_old";
ALTER TABLE "users" ALTER COLUMN "mood" SET DEFAULT 'GLAD';
COMMIT`,
    ],
    old: users('mood', (n) => (n % 2 === 0 ? 'GLAD' : 'SAD')),
    new: users('mood', (n) => (n % 2 === 0 ? 'GLAD' : 'SAD')),
    up: same,
    atOnce: true,
    allow: ['result-type'],
  },
  {
    name: 'SET NOT NULL with an up',
    change: [`-- lockkeeper-up name: 'nobody ' || id\nALTER TABLE "users" ALTER COLUMN "name" SET NOT NULL`],
    old: users('name', (n) => `n${n}`),
    new: name,
    up: same,
    down: same,
  },
  {
    name: 'one column in two',
    change: [
      `-- lockkeeper-up given: split_part(name, ' ', 1)\n-- lockkeeper-up family: split_part(name, ' ', 2)\nALTER TABLE "users" ADD COLUMN "given" TEXT, ADD COLUMN "family" TEXT`,
      `-- lockkeeper-down name: given || ' ' || coalesce(family, '')\nALTER TABLE "users" DROP COLUMN "name"`,
    ],
    old: users('name', (n) => `a${n} b`),
    new: users('given', (n) => `g${n}`),
    up: (value) => value.split(' ')[0] ?? '',
  },
  {
    name: 'two columns in one',
    change: [
      `-- lockkeeper-up whole: coalesce(first, '') || ' ' || coalesce(last, '')\nALTER TABLE "users" ADD COLUMN "whole" TEXT`,
      `-- lockkeeper-down first: split_part(whole, ' ', 1)\nALTER TABLE "users" DROP COLUMN "first"`,
      `-- lockkeeper-down last: split_part(whole, ' ', 2)\nALTER TABLE "users" DROP COLUMN "last"`,
    ],
    old: users('first', (n) => `a${n}`),
    new: users('whole', (n) => `g${n} h${n}`),
    down: (value) => value.split(' ')[0] ?? '',
  },
]
