const path = require('path')

const shared = {
  client: 'pg',
  connection: process.env.DATABASE_URL,
  migrations: {
    directory: [path.join(__dirname, 'db', 'migrations'), './db/more'],
    tableName: 'My Migrations',
  },
  seeds: { directory: './db/seeds' },
}

module.exports = { development: shared, production: { ...shared, pool: { min: 2, max: 10 } } }
