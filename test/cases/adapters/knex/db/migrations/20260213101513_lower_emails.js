exports.up = async (knex) => {
  const customers = await knex('customers').select('id', 'email')
  for (const { id, email } of customers) {
    await knex('customers').where({ id }).update({ email: email.toLowerCase() })
  }
}

exports.down = async () => {}
