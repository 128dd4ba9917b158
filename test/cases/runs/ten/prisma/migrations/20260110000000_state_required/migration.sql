UPDATE "orders" SET "state" = 'new' WHERE "state" IS NULL;
ALTER TABLE "orders" ALTER COLUMN "state" SET NOT NULL;
