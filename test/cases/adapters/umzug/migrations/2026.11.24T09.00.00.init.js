import { DataTypes, Sequelize } from 'sequelize'

/** @type {import('umzug').MigrationFn<import('sequelize').QueryInterface>} */
export const up = async ({ context: queryInterface }) => {
  await queryInterface.createTable('users', {
    id: { type: DataTypes.UUID, primaryKey: true, defaultValue: Sequelize.literal('gen_random_uuid()') },
    name: { type: DataTypes.TEXT, allowNull: false },
  })
}

export const down = async ({ context: queryInterface }) => {
  await queryInterface.dropTable('users')
}
