'use strict'

module.exports = {
  up: (queryInterface, Sequelize) =>
    queryInterface.sequelize.transaction(async (transaction) => {
      await queryInterface.addColumn('Orders', 'note', { type: Sequelize.TEXT }, { transaction })
      await queryInterface.addColumn('Orders', 'paid', { type: Sequelize.BOOLEAN, allowNull: false, defaultValue: false }, { transaction })
      await queryInterface.sequelize.query('ALTER TABLE "Orders" ADD CONSTRAINT total_check CHECK (total >= 0)', { transaction })
    }),

  down: (queryInterface) => queryInterface.removeColumn('Orders', 'note'),
}
