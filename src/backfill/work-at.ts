import type { Work } from '../model/plan.ts'

/** {now} is one moment for the whole change, also when it is resumed: when it began. */
export function workAt(work: Work, now: string): Work {
  const fill = (sql: string): string => sql.replaceAll('{now}', () => now)
  switch (work.kind) {
    case 'update':
      return { ...work, set: fill(work.set), where: fill(work.where) }
    case 'delete':
      return { ...work, where: fill(work.where) }
    case 'insert':
      return { ...work, select: fill(work.select), where: fill(work.where) }
    case 'code':
      return { ...work, where: fill(work.where) }
  }
}
