'use strict'

/** @type {import('sequelize-cli').Migration} */
module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable('Customers', {
      id: { allowNull: false, autoIncrement: true, primaryKey: true, type: Sequelize.BIGINT },
      email: { type: Sequelize.STRING, allowNull: false, unique: true },
      settings: { type: Sequelize.JSONB, defaultValue: {} },
      createdAt: { allowNull: false, type: Sequelize.DATE, defaultValue: Sequelize.fn('now') },
    })
    await queryInterface.createTable('Orders', {
      id: { allowNull: false, autoIncrement: true, primaryKey: true, type: Sequelize.INTEGER },
      customerId: { type: Sequelize.BIGINT, references: { model: 'Customers', key: 'id' }, onDelete: 'CASCADE', onUpdate: 'CASCADE' },
      total: { type: Sequelize.DECIMAL(12, 2), allowNull: false, defaultValue: 0, comment: 'with tax' },
    })
  },

  async down(queryInterface) {
    await queryInterface.dropTable('Orders')
    await queryInterface.dropTable('Customers')
  },
}
