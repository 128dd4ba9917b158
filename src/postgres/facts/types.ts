import type { Catalog } from '../../model/catalog.ts'
import { findType } from '../names.ts'
import type { AlterDomainStmt, CreateDomainStmt, CreateEnumStmt } from '../node.ts'
import { creationKey } from '../names.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { tablesWithType, withHeap } from './relations.ts'

/** ALTER DOMAIN: a new constraint is checked in every table that uses it, under SHARE; NOT VALID, and taking one away, touch no table. */
export function alterDomain(statement: AlterDomainStmt, catalog: Catalog): Effect {
  const key = findType(statement.typeName ?? [], catalog)?.key
  if (!checksRows(statement)) return nothing
  if (key === undefined) return { conditions: ['each table that uses the domain is locked (SHARE) and read'] }
  const tables = withHeap(tablesWithType(key, catalog), catalog)
  return merge(locksOn('SHARE', tables), { scans: tables })
}

// C: ADD CONSTRAINT, V: VALIDATE, O: SET NOT NULL (AlterDomainStmt.subtype, parsenodes.h).
function checksRows({ subtype, def }: AlterDomainStmt): boolean {
  if (subtype === 'V' || subtype === 'O') return true
  return subtype === 'C' && !(def !== undefined && 'Constraint' in def && def.Constraint.skip_validation === true)
}

export function createEnum({ typeName }: CreateEnumStmt, catalog: Catalog): Effect {
  return { creates: [`type ${creationKey(typeName ?? [], catalog)}`] }
}

export function createDomain({ domainname }: CreateDomainStmt, catalog: Catalog): Effect {
  return { creates: [`type ${creationKey(domainname ?? [], catalog)}`] }
}
