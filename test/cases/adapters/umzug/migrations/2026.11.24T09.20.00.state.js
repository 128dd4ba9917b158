import { DataTypes } from 'sequelize'

// A type of its own: Sequelize first asks whether it is there.
export const up = async ({ context }) => {
  await context.addColumn('users', 'state', { type: DataTypes.ENUM('new', 'old'), allowNull: false, defaultValue: 'new' })
}
