import type { Catalog, Constraint } from '../../model/catalog.ts'
import { eachBelow, edit } from './edit.ts'

/** VALIDATE CONSTRAINT: on partitions and children too; a NOT NULL (18) makes its column one without NULLs. */
export function validate(catalog: Catalog, key: string, name: string): Catalog {
  return eachBelow(catalog, key, (changed, each) =>
    edit(changed, each, (relation) => {
      const column = relation.constraints.find((constraint) => constraint.name === name && constraint.kind === 'not-null')?.columns[0]
      return {
        ...relation,
        constraints: relation.constraints.map((constraint) => (constraint.name === name ? validated(constraint) : constraint)),
        columns: relation.columns.map((own) => (own.name === column ? { ...own, nullable: false } : own)),
      }
    }),
  )
}

function validated(constraint: Constraint): Constraint {
  return { ...constraint, valid: true, definition: constraint.definition.replace(/ NOT VALID$/, '') }
}
