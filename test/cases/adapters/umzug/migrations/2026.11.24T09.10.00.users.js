import { DataTypes } from 'sequelize'

export const up = async (params) => {
  await params.context.addColumn('users', 'age', { type: DataTypes.INTEGER })
}
