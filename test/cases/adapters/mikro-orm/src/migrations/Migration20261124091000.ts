import { Migration } from '@mikro-orm/migrations'

export class Migration20261124091000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`alter table "book" add column "pages" int null;`)
    this.addSql(`alter table "book" add constraint "pages_check" check (pages > 0);`)
    const knex = this.getKnex()
    this.addSql(knex('author').insert({ id: 1, name: "O'Neil" }).toQuery())
  }
}
