import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  if (!(await knex.schema.hasTable('invoices'))) {
    await knex.schema.createTable('invoices', (table) => {
      table.bigInteger('order_id').primary()
    })
  }
  if (!(await knex.schema.hasColumn('orders', 'note'))) {
    await knex.schema.table('orders', (table) => {
      table.text('note')
    })
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('invoices')
}
