import { MigrationInterface, QueryRunner } from "typeorm";

export class OrderChanges1795561362065 implements MigrationInterface {
    name = 'OrderChanges1795561362065'

    public async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`
            ALTER TABLE "orders"
            ADD "note" text
        `);
        await queryRunner.query(`
            ALTER TABLE "orders"
            ALTER COLUMN "status"
            SET NOT NULL
        `);
        await queryRunner.query(`
            ALTER TABLE "orders"
            ALTER COLUMN "status"
            SET DEFAULT 'new'
        `);
        await queryRunner.query(`
            ALTER TABLE "orders" DROP COLUMN "amount"
        `);
        await queryRunner.query(`
            ALTER TABLE "orders"
            ADD "amount" bigint NOT NULL
        `);
        await queryRunner.query(`
            CREATE INDEX "IDX_772d0ce0473ac2ccfa26060dbe" ON "orders" ("customer_id")
        `);
        await queryRunner.query(`
            ALTER TABLE "orders"
            ADD CONSTRAINT "FK_772d0ce0473ac2ccfa26060dbe9" FOREIGN KEY ("customer_id") REFERENCES "customers"("id") ON DELETE NO ACTION ON UPDATE NO ACTION
        `);
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`
            ALTER TABLE "orders" DROP CONSTRAINT "FK_772d0ce0473ac2ccfa26060dbe9"
        `);
        await queryRunner.query(`
            DROP INDEX "public"."IDX_772d0ce0473ac2ccfa26060dbe"
        `);
        await queryRunner.query(`
            ALTER TABLE "orders" DROP COLUMN "amount"
        `);
        await queryRunner.query(`
            ALTER TABLE "orders"
            ADD "amount" integer NOT NULL
        `);
        await queryRunner.query(`
            ALTER TABLE "orders"
            ALTER COLUMN "status" DROP DEFAULT
        `);
        await queryRunner.query(`
            ALTER TABLE "orders"
            ALTER COLUMN "status" DROP NOT NULL
        `);
        await queryRunner.query(`
            ALTER TABLE "orders" DROP COLUMN "note"
        `);
    }

}
