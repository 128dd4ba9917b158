import type { MigrationBuilder } from 'node-pg-migrate'

export async function up(pgm: MigrationBuilder): Promise<void> {
  pgm.addColumns('orders', { status: { type: 'text', notNull: true, default: 'new' }, parent: 'id' === 'id' ? 'bigint' : 'int' })
  pgm.addConstraint('orders', 'total_is_not_negative', { check: 'total >= 0' })
  pgm.createIndex('orders', 'customer_id')
  pgm.sql("UPDATE customers SET name = '{unknown}' WHERE name IS NULL")
  pgm.sql('COMMENT ON TABLE {name} IS $$kept; by us$$', { name: 'orders' })
}

export async function down(pgm: MigrationBuilder): Promise<void> {
  pgm.dropColumns('orders', ['status', 'parent'])
}
