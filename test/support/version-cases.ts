/** What a version of the application reads and writes. */
export interface Look {
  readonly table: string
  readonly column: string
  /** What it writes the n-th time, as text; `null` is NULL, `undefined` leaves the column out of an INSERT. */
  readonly value: (n: number) => string | null | undefined
  /** What stands where it leaves the column out. */
  readonly otherwise?: string
}

/** One operation of pgroll's, with an application of either version that writes what it is about. */
export interface VersionCase {
  readonly name: string
  /** The operations of the file. */
  readonly change: readonly object[]
  readonly old: Look
  readonly new: Look
  /** What the other version reads of a value; absent where it cannot be told from the value alone. */
  readonly up?: (value: string) => string
  readonly down?: (value: string) => string
  /** Gives rows only where something is wrong while both versions live; `{old}` and `{new}` stand for their schemas, `{base}` for that of the tables. */
  readonly wrong?: string
}

/** NULL as text. */
export const nothing = '-null-'

const name: Look = { table: 'items', column: 'name', value: (n) => `n${n}` }
const qty: Look = { table: 'items', column: 'qty', value: (n) => String(n) }
const code: Look = { table: 'items', column: 'code', value: (n) => `c${n}` }
const same = (value: string) => value
const common = { old: name, new: { ...name, value: (n: number) => `new ${n}` }, up: same, down: same }

export const baseTables: readonly object[] = [
  {
    create_table: {
      name: 'owners',
      columns: [
        { name: 'id', type: 'int', pk: true },
        { name: 'label', type: 'text', nullable: true },
      ],
    },
  },
  {
    create_table: {
      name: 'items',
      columns: [
        { name: 'id', type: 'int', pk: true },
        { name: 'name', type: 'text', nullable: true },
        { name: 'qty', type: 'int', default: '0', check: { name: 'items_qty_ck', constraint: 'qty >= 0' } },
        { name: 'code', type: 'text', nullable: true, comment: 'as printed' },
        { name: 'owner', type: 'int', nullable: true },
        { name: 'upperName', type: 'text', nullable: true },
      ],
      constraints: [{ name: 'items_two_ck', type: 'check', check: "code <> 'x' OR \"upperName\" <> 'x'" }],
    },
  },
  {
    create_table: {
      name: 'parts',
      columns: [
        { name: 'id', type: 'int', pk: true },
        { name: 'item', type: 'int', nullable: true, references: { name: 'parts_item_fk', table: 'items', column: 'id' } },
      ],
    },
  },
]

export const baseIndexes: readonly object[] = [
  { create_index: { name: 'items_code_idx', table: 'items', columns: [{ column: 'code' }, { column: 'name' }] } },
  { create_index: { name: 'items_qty_idx', table: 'items', columns: [{ column: 'qty' }], predicate: 'code IS NOT NULL' } },
]

export const baseRows = `
  INSERT INTO owners SELECT i, 'owner ' || i FROM generate_series(1, 10) i;
  INSERT INTO items (id, name, qty, code, owner, "upperName") SELECT i, 'n' || i, i, 'c' || i, 1 + i % 12, NULL FROM generate_series(1, 200) i;
  INSERT INTO parts SELECT i, i FROM generate_series(1, 20) i`

const table = 'items'

/** All fifteen operations; those that have several forms in each. */
export const versionCases: readonly VersionCase[] = [
  {
    name: 'create_table',
    change: [{ create_table: { name: 'extra', columns: [{ name: 'id', type: 'int', pk: true }] } }],
    ...common,
    wrong: 'SELECT 1 FROM {new}.extra',
  },
  { name: 'rename_table', change: [{ rename_table: { from: 'items', to: 'things' } }], ...common, new: { ...name, table: 'things' } },
  {
    name: 'drop_table',
    change: [{ drop_table: { name: 'owners' } }],
    ...common,
    wrong: 'SELECT 1 WHERE NOT EXISTS (SELECT FROM {old}.owners)',
  },
  {
    name: 'add_column with up and default',
    change: [{ add_column: { table, column: { name: 'size', type: 'text', default: "'dflt'" }, up: "'s' || qty" } }],
    old: qty,
    new: { table, column: 'size', value: (n) => (n % 2 === 0 ? `z${n}` : undefined), otherwise: 'dflt' },
    up: (value) => `s${value}`,
  },
  {
    name: 'add_column with up that the new version leaves empty',
    change: [{ add_column: { table, column: { name: 'size', type: 'text', nullable: true }, up: "'s' || qty" } }],
    old: qty,
    new: { table, column: 'size', value: (n) => (n % 3 === 0 ? null : `z${n}`) },
    up: (value) => `s${value}`,
  },
  {
    name: 'drop_column',
    change: [{ drop_column: { table, column: 'code', down: "'gone'" } }],
    old: code,
    new: name,
    wrong: "SELECT id, code FROM {old}.items WHERE id >= 1000000 AND code IS DISTINCT FROM 'gone'",
  },
  {
    name: 'drop_column with default',
    change: [{ drop_column: { table, column: 'qty', down: '77' } }],
    old: qty,
    new: name,
    wrong: 'SELECT id, qty FROM {old}.items WHERE id >= 1000000 AND qty <> 77',
  },
  {
    name: 'rename_column',
    change: [{ rename_column: { table, from: 'name', to: 'fullTitle' } }],
    ...common,
    new: { ...name, column: 'fullTitle' },
  },
  {
    name: 'alter_column type',
    change: [
      {
        alter_column: {
          table,
          column: 'owner',
          type: 'text',
          default: "'nobody'",
          up: "'o' || owner",
          down: "nullif(substr(owner, 2), 'obody')::int",
        },
      },
    ],
    old: { table, column: 'owner', value: (n) => String(n) },
    new: { table, column: 'owner', value: (n) => (n % 2 === 0 ? `o${n}` : undefined), otherwise: 'nobody' },
    up: (value) => `o${value}`,
    down: (value) => (value === 'nobody' ? nothing : value.slice(1)),
  },
  {
    name: 'alter_column type of a key with a foreign key to it',
    change: [{ alter_column: { table, column: 'id', type: 'bigint', up: 'id', down: 'id' } }],
    ...common,
    wrong: "SELECT 1 WHERE (SELECT pg_typeof(id) FROM {new}.items LIMIT 1) <> 'bigint'::regtype",
  },
  {
    name: 'alter_column nullable false',
    change: [{ alter_column: { table, column: 'name', nullable: false, up: "coalesce(name, 'none')", down: "nullif(name, 'none')" } }],
    old: { ...name, value: (n) => (n % 3 === 0 ? null : `n${n}`) },
    new: name,
    up: (value) => (value === nothing ? 'none' : value),
    down: same,
  },
  {
    name: 'alter_column nullable true',
    change: [{ alter_column: { table, column: 'qty', nullable: true, down: 'coalesce(qty, 0)' } }],
    old: qty,
    new: { ...qty, value: (n) => (n % 3 === 0 ? null : String(n)) },
    up: same,
    down: (value) => (value === nothing ? '0' : value),
  },
  {
    name: 'alter_column default',
    change: [{ alter_column: { table, column: 'qty', default: '5' } }],
    old: { ...qty, value: (n) => (n % 2 === 0 ? String(n) : undefined), otherwise: '0' },
    new: { ...qty, value: (n) => (n % 2 === 0 ? String(n) : undefined), otherwise: '5' },
    up: same,
    down: same,
  },
  {
    name: 'alter_column check, unique and comment at once',
    change: [
      {
        alter_column: {
          table,
          column: 'code',
          check: { name: 'items_code_ck', constraint: "code LIKE '%#%'" },
          unique: { name: 'items_code_key' },
          comment: 'with its number',
          up: "CASE WHEN code LIKE '%#%' THEN code ELSE coalesce(code, '') || '#' || id END",
          down: "split_part(code, '#', 1)",
        },
      },
    ],
    old: { ...code, value: () => 'same' },
    new: { ...code, value: (n) => `new#${n}` },
    down: () => 'new',
    wrong: "SELECT id, code FROM {new}.items WHERE id BETWEEN 1000 AND 999999 AND code <> 'same#' || id",
  },
  {
    name: 'alter_column references',
    change: [
      {
        alter_column: {
          table,
          column: 'owner',
          references: { name: 'items_owner_fk', table: 'owners', column: 'id' },
          up: 'CASE WHEN owner > 10 THEN NULL ELSE owner END',
          down: 'owner',
        },
      },
    ],
    old: { table, column: 'owner', value: (n) => String(1 + (n % 15)) },
    new: { table, column: 'owner', value: (n) => String(1 + (n % 10)) },
    up: (value) => (Number(value) > 10 ? nothing : value),
    down: same,
  },
  {
    name: 'create_index',
    change: [{ create_index: { name: 'items_name_idx', table, columns: [{ column: 'name', sort: 'DESC' }] } }],
    ...common,
  },
  { name: 'drop_index', change: [{ drop_index: { name: 'items_code_idx' } }], ...common },
  {
    name: 'create_constraint over two columns',
    change: [
      {
        create_constraint: {
          table,
          name: 'items_code_owner_key',
          type: 'unique',
          columns: ['code', 'owner'],
          up: { code: "coalesce(code, '') || '/' || id", owner: 'coalesce(owner, 0)' },
          down: { code: "split_part(code, '/', 1)", owner: 'nullif(owner, 0)' },
        },
      },
    ],
    old: { ...code, value: () => 'same' },
    new: { ...code, value: (n) => `new/${n}` },
    down: () => 'new',
    wrong: "SELECT id, code FROM {new}.items WHERE id BETWEEN 1000 AND 999999 AND (code <> 'same/' || id OR owner IS DISTINCT FROM 0)",
  },
  {
    name: 'create_constraint of a check',
    change: [
      {
        create_constraint: {
          table,
          name: 'items_small_ck',
          type: 'check',
          columns: ['qty'],
          check: 'qty < 1000',
          up: { qty: 'least(qty, 999)' },
          down: { qty: 'qty' },
        },
      },
    ],
    old: { ...qty, value: (n) => String(n * 100) },
    new: { ...qty, value: (n) => String(n % 1000) },
    up: (value) => String(Math.min(Number(value), 999)),
    down: same,
  },
  {
    name: 'drop_constraint',
    change: [{ drop_constraint: { table, name: 'items_qty_ck', up: 'qty', down: 'greatest(qty, 0)' } }],
    old: qty,
    new: { ...qty, value: (n) => String(-n) },
    up: same,
    down: () => '0',
  },
  {
    name: 'drop_multicolumn_constraint',
    change: [
      {
        drop_multicolumn_constraint: {
          table,
          name: 'items_two_ck',
          down: { code: "CASE WHEN code = 'x' THEN 'y' ELSE code END", upperName: '"upperName"' },
        },
      },
    ],
    old: code,
    new: { ...code, value: (n) => (n % 2 === 0 ? 'x' : `x${n}`) },
    up: same,
    down: (value) => (value === 'x' ? 'y' : value),
  },
  { name: 'rename_constraint', change: [{ rename_constraint: { table, from: 'items_qty_ck', to: 'qty_is_positive' } }], ...common },
  { name: 'set_replica_identity', change: [{ set_replica_identity: { table, identity: { type: 'full' } } }], ...common },
  {
    name: 'sql',
    change: [{ sql: { up: 'CREATE TABLE made (id int PRIMARY KEY)', down: 'DROP TABLE made' } }],
    ...common,
    wrong: 'SELECT 1 FROM {base}.made',
  },
  {
    name: 'sql at the end',
    change: [{ sql: { up: "UPDATE owners SET label = 'done'", onComplete: true } }],
    ...common,
    wrong: "SELECT 1 FROM {base}.owners WHERE label = 'done'",
  },
]
