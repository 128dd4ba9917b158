import { Migration } from '@mikro-orm/migrations'

export class Migration20261124090000_init extends Migration {

  override async up(): Promise<void> {
    this.addSql(`create table "author" ("id" serial primary key, "name" varchar(255) not null, "born" timestamptz null);`)
    this.addSql(`create table "book" ("id" uuid not null, "title" text not null, "author_id" int not null, constraint "book_pkey" primary key ("id"));`)

    this.addSql(`alter table "book" add constraint "book_author_id_foreign" foreign key ("author_id") references "author" ("id") on update cascade;`)
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "book" cascade;`)
    this.addSql(`drop table if exists "author" cascade;`)
  }

}
