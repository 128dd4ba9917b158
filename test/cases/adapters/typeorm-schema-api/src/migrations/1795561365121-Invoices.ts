import { MigrationInterface, QueryRunner, Table, TableColumn, TableIndex } from "typeorm";

export class Invoices1795561365121 implements MigrationInterface {

    public async up(queryRunner: QueryRunner): Promise<void> {
        if (!(await queryRunner.hasTable("invoices"))) {
            await queryRunner.createTable(new Table({
                name: "invoices",
                columns: [
                    { name: "id", type: "int", isPrimary: true, isGenerated: true, generationStrategy: "increment" },
                    { name: "order_id", type: "int" },
                ],
                foreignKeys: [{ columnNames: ["order_id"], referencedTableName: "orders", referencedColumnNames: ["id"] }],
            }));
        }
        await queryRunner.addColumn("orders", new TableColumn({ name: "paid", type: "boolean", default: false }));
        await queryRunner.createIndex("orders", new TableIndex({ name: "orders_paid_idx", columnNames: ["paid"] }));
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.dropColumn("orders", "paid");
        await queryRunner.dropTable("invoices");
    }

}
