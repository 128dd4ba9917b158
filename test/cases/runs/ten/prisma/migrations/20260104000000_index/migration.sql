-- CreateIndex
CREATE INDEX "orders_customerId_idx" ON "orders"("customerId");
