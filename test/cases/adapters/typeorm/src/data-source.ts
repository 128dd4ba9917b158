import { DataSource } from 'typeorm'

export const AppDataSource = new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL,
  entities: [],
  migrations: ['src/migrations/*.ts'],
  migrationsTableName: 'My Migrations',
  migrationsTransactionMode: 'each',
})
