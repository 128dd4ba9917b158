-- DropIndex
DROP INDEX "orders_state_idx";
