import type { Kysely } from 'kysely'

export async function up(db: Kysely<any>): Promise<void> {
  const tables = await db.introspection.getTables()
  if (!tables.some((table) => table.name === 'invoices')) {
    await db.schema.createTable('invoices').addColumn('order_id', 'bigint', (column) => column.primaryKey()).execute()
  }
  await db.schema.createIndex('orders_state_idx').on('orders').column('state').execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable('invoices').execute()
}
