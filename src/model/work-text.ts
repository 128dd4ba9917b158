import type { Walk, Work } from './plan.ts'

/** What a batched change does, as the one statement that it would be, for people; of a module's, the rows that it is given. */
export function workText(work: Work): string {
  switch (work.kind) {
    case 'update':
      return `UPDATE ${work.relation} SET ${work.set} WHERE ${work.where}`
    case 'delete':
      return `DELETE FROM ${work.relation} WHERE ${work.where}`
    case 'insert':
      return `${work.into} SELECT ${work.select} FROM ${work.relation} WHERE ${work.where}${work.conflict === '' ? '' : ` ${work.conflict}`}`
    case 'code':
      return `SELECT * FROM ${work.relation} WHERE ${work.where}`
  }
}

/** How a table is gone through, for people: "by ranges of id, the last first". */
export function walkText(walk: Walk): string {
  switch (walk.by) {
    case 'key':
      return `by ranges of ${walk.columns.join(', ')}${walk.descending === true ? ', the last first' : ''}`
    case 'pages':
      return 'by heap pages'
  }
}
