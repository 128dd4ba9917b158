exports.up = (knex) => knex.raw('CREATE INDEX CONCURRENTLY orders_state_idx ON orders (state)')
exports.down = (knex) => knex.raw('DROP INDEX CONCURRENTLY orders_state_idx')
exports.config = { transaction: false }
