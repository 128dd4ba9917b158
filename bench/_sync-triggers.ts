import type { Catalog, Relation } from '../src/model/catalog.ts'
import { syncTriggers } from '../src/postgres/operations/_sync.ts'

/** How the table is kept in step while a column changes its type and both applications write; `versions`: by schemas of views, as for files of pgroll. */
export const ways = ['none', 'lockkeeper', 'versions', 'pgroll'] as const
export type Way = (typeof ways)[number]

/** A table with a column that becomes text: the new one stands beside it, in every way, so that only the triggers differ. */
export const tableSql: readonly string[] = [
  `CREATE TABLE accounts (id bigint PRIMARY KEY, owner text NOT NULL, balance int NOT NULL, note text, updated_at timestamptz NOT NULL DEFAULT now(), new_balance text)`,
  'CREATE INDEX accounts_owner_idx ON accounts (owner)',
]

/** The triggers of a way, on a server whose catalog is `catalog`. */
export function addSql(way: Way, relation: Relation, catalog: Catalog): readonly string[] {
  switch (way) {
    case 'none':
      return []
    case 'lockkeeper':
      return ['CREATE SCHEMA lockkeeper', ...ours(relation, catalog)]
    case 'versions':
      return ['CREATE SCHEMA lockkeeper', `ALTER TABLE accounts ADD COLUMN ${marker} boolean`, ...ours(relation, catalog, versioned)]
    case 'pgroll':
      return ['ALTER TABLE accounts ADD COLUMN _pgroll_needs_backfill boolean DEFAULT true', ...theirs]
  }
}

const marker = '_lk_filled'
const versioned = { marker, oldNames: ['public.accounts', 'public_01_accounts.accounts'] }

function ours(relation: Relation, catalog: Catalog, more: Partial<typeof versioned> = {}): readonly string[] {
  const sync = { old: [{ column: 'balance', value: 'new_balance::integer' }], new: [{ column: 'new_balance', value: 'balance::text' }] }
  return syncTriggers({ table: 'public.accounts', relation, catalog, syncs: [sync], ...more }).create
}

/** Its template as of 0.16, from the description in its repository: a variable for each column, and the direction by the whole search_path. */
const theirs = (['up', 'down'] as const).flatMap((direction) => {
  const [test, assign] =
    direction === 'up'
      ? ['!=', `NEW."new_balance" = "balance"::text; NEW._pgroll_needs_backfill = false;`]
      : ['=', `NEW."balance" = "new_balance"::int;`]
  return [
    `CREATE FUNCTION _pgroll_trigger_accounts_${direction}() RETURNS TRIGGER LANGUAGE PLPGSQL AS $$
  DECLARE
    "id" "public"."accounts"."id"%TYPE := NEW."id";
    "owner" "public"."accounts"."owner"%TYPE := NEW."owner";
    "balance" "public"."accounts"."balance"%TYPE := NEW."balance";
    "new_balance" "public"."accounts"."new_balance"%TYPE := NEW."new_balance";
    "note" "public"."accounts"."note"%TYPE := NEW."note";
    "updated_at" "public"."accounts"."updated_at"%TYPE := NEW."updated_at";
    latest_schema text;
    search_path text;
  BEGIN
    SELECT current_setting INTO search_path FROM current_setting('search_path');
    IF search_path ${test} 'public_02_balance' THEN
      ${assign}
    END IF;
    RETURN NEW;
  END; $$`,
    `CREATE TRIGGER _pgroll_trigger_accounts_${direction} BEFORE UPDATE OR INSERT ON accounts FOR EACH ROW EXECUTE PROCEDURE _pgroll_trigger_accounts_${direction}()`,
  ]
})
