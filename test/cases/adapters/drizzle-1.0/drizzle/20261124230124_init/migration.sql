CREATE TABLE "customers" (
	"id" serial PRIMARY KEY,
	"email" text NOT NULL UNIQUE
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"id" serial PRIMARY KEY,
	"customer_id" integer NOT NULL,
	"status" text,
	"created_at" timestamp DEFAULT now() NOT NULL
);
