import { Migration } from '@mikro-orm/migrations'

export class Migration20261124092000_index extends Migration {
  override isTransactional(): boolean {
    return false
  }

  override async up(): Promise<void> {
    this.addSql(`create index concurrently "book_title_index" on "book" ("title");`)
  }
}
