import { MigrationInterface, QueryRunner } from "typeorm";

export class IndexOrders1795561367211 implements MigrationInterface {
    transaction = false

    public async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`CREATE INDEX CONCURRENTLY "orders_status_idx" ON "orders" ("status")`);
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`DROP INDEX CONCURRENTLY "orders_status_idx"`);
    }

}
