import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Ten statements of one migration of a shop with fifty older tables: what ORMs write, safe and unsafe mixed. */
export function staticMigration(at: number): readonly string[] {
  const [table, old] = [`t_${at}`, `old_${at % 50}`]
  return [
    `CREATE TABLE ${table} (id bigserial PRIMARY KEY, amount integer NOT NULL, note text, code varchar(20), created_at timestamptz NOT NULL DEFAULT now());`,
    `CREATE INDEX ${table}_amount_idx ON ${table} (amount);`,
    `ALTER TABLE ${old} ADD COLUMN extra_${at} text;`,
    `ALTER TABLE ${old} ALTER COLUMN extra_${at} SET NOT NULL;`,
    `ALTER TABLE ${old} ALTER COLUMN total TYPE bigint;`,
    `ALTER TABLE ${table} ADD CONSTRAINT ${table}_fk FOREIGN KEY (amount) REFERENCES ${old} (id);`,
    `CREATE INDEX CONCURRENTLY ${old}_extra_${at}_idx ON ${old} (extra_${at});`,
    `UPDATE ${old} SET extra_${at} = 'x' WHERE extra_${at} IS NULL;`,
    `ALTER TABLE ${table} RENAME COLUMN note TO body;`,
    `DROP TABLE IF EXISTS gone_${at};`,
  ]
}

/** `files` migrations of ten statements below `folder`, as plain SQL. */
export async function writeStaticFolder(folder: string, files: number): Promise<void> {
  for (let at = 0; at < files; at += 1)
    await writeFile(join(folder, `${String(at).padStart(5, '0')}_step.sql`), `${staticMigration(at).join('\n')}\n`)
}

/** The same statements in one file. */
export async function writeStaticFile(folder: string, files: number): Promise<void> {
  const statements = Array.from({ length: files }, (_, at) => staticMigration(at)).flat()
  await writeFile(join(folder, '00000_all.sql'), `${statements.join('\n')}\n`)
}
