// Made by `npm run gen` from the files of this folder. Do not edit.
import type { Adapter } from '../model/adapter.ts'
import { drizzle } from './drizzle.ts'
import { prisma } from './prisma.ts'
import { sql } from './sql.ts'
import { typeorm } from './typeorm.ts'

export const adapters: readonly Adapter[] = [drizzle, prisma, sql, typeorm]
