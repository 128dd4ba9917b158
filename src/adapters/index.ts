// Made by `npm run gen` from the files of this folder. Do not edit.
import type { Adapter } from '../model/adapter.ts'
import { drizzle } from './drizzle.ts'
import { prisma } from './prisma.ts'
import { sql } from './sql.ts'

export const adapters: readonly Adapter[] = [drizzle, prisma, sql]
