import type { Index, Relation } from '../../model/catalog.ts'
import type { PgNode } from '../node.ts'
import { without } from './edit.ts'

/** REPLICA IDENTITY DEFAULT | FULL | NOTHING | USING INDEX. */
export function setReplicaIdentity(relation: Relation, def: PgNode | undefined): Relation {
  if (def === undefined || !('ReplicaIdentityStmt' in def)) return relation
  const { identity_type: type = 'd', name } = def.ReplicaIdentityStmt
  const chosen = identities[type]
  const indexes = relation.indexes.map((index): Index => {
    const plain = without(index, 'identifiesRows')
    return chosen === 'index' && index.name === name ? { ...plain, identifiesRows: true } : plain
  })
  return { ...without(relation, 'replicaIdentity'), indexes, ...(chosen !== undefined && { replicaIdentity: chosen }) }
}

const identities: { readonly [type: string]: 'full' | 'nothing' | 'index' } = { f: 'full', n: 'nothing', i: 'index' }
