exports.up = async (knex) => {
  await knex.schema.alterTable('orders', (table) => {
    table.string('state', 20).notNullable().defaultTo('open')
  })
  await knex.raw('COMMENT ON COLUMN orders.state IS \'open? paid?\''.replaceAll('?', '\\?'))
  await knex('customers').insert([
    { email: 'First@example.com', settings: { theme: 'dark' } },
    { email: 'second@example.com', settings: JSON.stringify(['a']) },
  ])
  await knex('customers').where({ email: 'second@example.com' }).update({ role: 'admin', updated_at: new Date(0) })
  await knex.raw('UPDATE customers SET role = :role WHERE email = ANY(:emails)', { role: 'user', emails: ['a@b', 'c"d'] })
}

exports.down = (knex) => knex.schema.alterTable('orders', (table) => table.dropColumn('state'))
