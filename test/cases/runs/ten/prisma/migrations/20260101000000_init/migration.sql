CREATE TABLE "Customer" ("id" SERIAL NOT NULL, "email" TEXT NOT NULL, CONSTRAINT "Customer_pkey" PRIMARY KEY ("id"));
CREATE TABLE "orders" ("id" SERIAL NOT NULL, "customerId" INTEGER NOT NULL, "note" TEXT, "total" INTEGER NOT NULL DEFAULT 0, "state" TEXT, CONSTRAINT "orders_pkey" PRIMARY KEY ("id"));
CREATE INDEX "orders_state_idx" ON "orders"("state");
