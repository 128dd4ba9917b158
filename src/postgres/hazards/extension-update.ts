import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { nameParts } from '../tree.ts'
import type { Topic } from '../topics.ts'

/** What the script of an extension does is not in the migration. */
export const extensionUpdate: HazardRule<PgNode, Topic> = {
  id: 'extension-update',
  group: 'operations',
  title: 'What the script of an extension does is not in the migration',
  why: 'ALTER EXTENSION UPDATE runs scripts that came with the installed package: they may lock and change your tables, differ from server to server, and have no way back. DROP EXTENSION takes away its functions and types, which the running application may call.',
  source: 'https://www.postgresql.org/docs/current/sql-alterextension.html',
  examples: {
    hazardous: ['alter extension plpgsql update', "alter extension postgis update to '3.4.2'", 'drop extension if exists pgcrypto'],
    safe: ['create extension if not exists plpgsql'],
  },
  on: ['AlterExtensionStmt', 'DropStmt'],
  detect({ statement: { node } }) {
    if ('AlterExtensionStmt' in node)
      return [
        hazard(
          `ALTER EXTENSION ${node.AlterExtensionStmt.extname ?? ''} UPDATE runs scripts of the installed package: what they lock and change is not in this file`,
          'Read the release notes, try it on a copy of the target, and do it by hand in a quiet hour.',
        ),
      ]
    if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_EXTENSION') return []
    const names = (node.DropStmt.objects ?? []).flatMap(nameParts)
    return [
      hazard(
        `the functions and types of ${names.join(', ')} go: queries of the running application that use them fail`,
        'Deploy a version that uses none of them first.',
      ),
    ]
  },
}

function hazard(message: string, fix: string) {
  return { rule: 'extension-update', severity: 'warning' as const, message, fix, breaksOldApp: false }
}
