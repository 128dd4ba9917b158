import type { Kysely } from 'kysely'

export async function up(db: Kysely<any>): Promise<void> {
  const customers = await db.selectFrom('customers').select(['id', 'email']).execute()
  for (const { id, email } of customers) {
    await db.updateTable('customers').set({ email: email.toLowerCase() }).where('id', '=', id).execute()
  }
}
