exports.up = (pgm) => {
  pgm.noTransaction()
  pgm.createIndex('orders', ['status', 'total'], { name: 'orders_by_status', concurrently: true })
}

exports.down = false
