-- AlterTable
ALTER TABLE "orders" ADD COLUMN     "publicId" UUID NOT NULL DEFAULT gen_random_uuid();
