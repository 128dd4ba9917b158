import { sql, type Kysely } from 'kysely'

const states = ['open', 'paid', "it's complicated"]

export async function up(db: Kysely<any>): Promise<void> {
  await db.schema.alterTable('orders').addColumn('state', 'text', (column) => column.notNull().defaultTo('open')).execute()
  await sql`COMMENT ON COLUMN orders.state IS ${sql.lit(states.join(', '))}`.execute(db)
  await db.insertInto('customers').values({ email: 'first@example.com' }).execute()
  await db.updateTable('customers').set({ email: 'FIRST@example.com' }).where('email', '=', 'first@example.com').execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.alterTable('orders').dropColumn('state').execute()
}
