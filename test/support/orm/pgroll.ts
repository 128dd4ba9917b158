import type { Client } from 'pg'

/**
 * What `pgroll init` leaves in a database, as far as another tool can notice it: the table with its keys, the active period, and the event
 * trigger that takes DDL made behind pgroll's back for a migration of its own. After pkg/state/init.sql of pgroll 0.16; pgroll is a Go program and
 * cannot be had here, so that its own agreement is shown by the rows alone. Its read_schema tells more.
 */
export const pgrollInit = `
  CREATE SCHEMA pgroll;
  CREATE TABLE pgroll.migrations (
    schema name NOT NULL,
    name text NOT NULL,
    migration jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    parent text,
    done boolean NOT NULL DEFAULT false,
    resulting_schema jsonb NOT NULL DEFAULT '{}',
    migration_type varchar(32) DEFAULT 'pgroll' CONSTRAINT migration_type_check CHECK (migration_type IN ('pgroll', 'inferred', 'baseline')),
    PRIMARY KEY (schema, name),
    FOREIGN KEY (schema, parent) REFERENCES pgroll.migrations (schema, name)
  );
  CREATE UNIQUE INDEX only_one_active ON pgroll.migrations (schema, name, done) WHERE NOT done;
  CREATE UNIQUE INDEX only_first_migration_without_parent ON pgroll.migrations (schema) WHERE parent IS NULL;
  CREATE UNIQUE INDEX history_is_linear ON pgroll.migrations (schema, parent);
  CREATE FUNCTION pgroll.read_schema(which text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('name', which, 'tables', coalesce(jsonb_object_agg(c.relname, c.oid), '{}'))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = which AND c.relkind IN ('r', 'p') $$;
  CREATE FUNCTION pgroll.raw_migration() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pgroll, pg_catalog, pg_temp AS $$
  DECLARE
    changed text;
  BEGIN
    SELECT schema_name INTO changed FROM pg_event_trigger_ddl_commands() WHERE schema_name IS NOT NULL;
    IF changed IS NULL OR EXISTS (SELECT FROM migrations WHERE schema = changed AND NOT done) THEN
      RETURN;
    END IF;
    INSERT INTO migrations (schema, name, migration, done, parent, migration_type)
    SELECT changed, 'inferred_' || clock_timestamp(), jsonb_build_object('sql', current_query()), true,
      (SELECT last.name FROM migrations last WHERE last.schema = changed
        AND NOT EXISTS (SELECT FROM migrations next WHERE next.schema = changed AND next.parent = last.name)), 'inferred';
  END $$;
  CREATE EVENT TRIGGER pg_roll_handle_ddl ON ddl_command_end EXECUTE FUNCTION pgroll.raw_migration()`

export interface PgrollRow {
  readonly name: string
  readonly parent: string | null
  readonly done: boolean
  readonly migration_type: string
  readonly migration: unknown
  readonly resulting_schema: { readonly name?: string; readonly tables?: object }
}

/** The history of schema public, in order. */
export async function pgrollRows(client: Client): Promise<readonly PgrollRow[]> {
  const wanted = 'name, parent, done, migration_type, migration, resulting_schema'
  return (await client.query<PgrollRow>(`SELECT ${wanted} FROM pgroll.migrations WHERE schema = 'public' ORDER BY created_at, name`)).rows
}
