import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  schema: './schema.ts',
  out: './drizzle',
  migrations: { schema: 'Drizzle "Meta"', table: 'My Migrations' },
})
