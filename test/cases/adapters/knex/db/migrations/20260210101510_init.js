/**
 * @param { import("knex").Knex } knex
 * @returns { Promise<void> }
 */
exports.up = async function (knex) {
  await knex.schema
    .createTable('customers', (table) => {
      table.increments()
      table.string('email').notNullable().unique()
      table.enu('role', ['user', 'admin']).defaultTo('user')
      table.jsonb('settings').defaultTo('{}')
      table.timestamps(true, true)
    })
    .createTable('orders', (table) => {
      table.bigIncrements('id')
      table.integer('customer_id').unsigned().notNullable().references('id').inTable('customers').onDelete('CASCADE')
      table.decimal('amount', 10, 2).notNullable()
      table.index(['customer_id'])
    })
}

exports.down = function (knex) {
  return knex.schema.dropTable('orders').dropTable('customers')
}
