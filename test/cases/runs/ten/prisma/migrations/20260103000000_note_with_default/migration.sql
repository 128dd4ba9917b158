-- AlterTable
ALTER TABLE "orders" ALTER COLUMN "note" SET NOT NULL,
ALTER COLUMN "note" SET DEFAULT 'none';
