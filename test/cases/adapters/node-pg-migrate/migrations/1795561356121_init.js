export const shorthands = {
  id: { type: 'bigint', primaryKey: true, sequenceGenerated: { precedence: 'BY DEFAULT' } },
  stamp: { type: 'timestamptz', notNull: true, default: { toString: () => 'now()' } },
}

export const up = (pgm) => {
  pgm.createTable('customers', {
    id: 'id',
    email: { type: 'text', notNull: true, unique: true },
    name: 'varchar(80)',
  })
  pgm.createTable('orders', {
    id: 'id',
    customer_id: { type: 'bigint', notNull: true, references: 'customers', onDelete: 'CASCADE' },
    total: { type: 'numeric(12,2)', notNull: true, default: 0 },
  })
}

export const down = (pgm) => {
  pgm.dropTable('orders')
  pgm.dropTable('customers')
}
