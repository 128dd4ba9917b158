import { Migrator } from '@mikro-orm/migrations'
import { defineConfig } from '@mikro-orm/postgresql'

export default defineConfig({
  clientUrl: process.env['DATABASE_URL'] ?? '',
  entities: [],
  extensions: [Migrator],
  migrations: { path: './dist/migrations', pathTs: './src/migrations', tableName: 'my_migrations', allOrNothing: false },
})
