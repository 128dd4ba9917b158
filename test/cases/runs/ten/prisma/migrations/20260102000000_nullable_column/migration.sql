-- AlterTable
ALTER TABLE "orders" ADD COLUMN     "coupon" TEXT;
