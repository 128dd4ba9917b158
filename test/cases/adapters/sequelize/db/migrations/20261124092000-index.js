'use strict'

module.exports = {
  async up(queryInterface) {
    await queryInterface.addIndex('Orders', ['customerId', 'paid'], { name: 'orders_by_customer', concurrently: true })
    await queryInterface.bulkInsert('Customers', [{ email: "o'neil@x.example", settings: JSON.stringify({ a: 1 }) }])
  },

  async down(queryInterface) {
    await queryInterface.removeIndex('Orders', 'orders_by_customer')
  },
}
