import { typeorm } from '../../../src/adapters/typeorm.ts'
import type { Files, LoadOptions, Location } from '../../../src/model/adapter.ts'
import type { Migration } from '../../../src/model/migration.ts'
import { codeProject, loadWith } from './code-load.ts'
import type { TempProject } from './project.ts'

export { longest, sandboxes, sqlOf } from './code-load.ts'

/** Detects and loads the migrations of a project. */
export function load(files: Files, options: Partial<LoadOptions> = {}): Promise<{ location: Location; migrations: readonly Migration[] }> {
  return loadWith(typeorm, files, options)
}

/** A project whose one migration has this body of `up`; `typeorm` resolves to ours. */
export function oneMigration(up: string, head = ''): Promise<TempProject> {
  return codeProject({
    'src/migrations/1700000000000-One.ts': `import { MigrationInterface, QueryRunner, Table, TableColumn } from "typeorm";
${head}
export class One1700000000000 implements MigrationInterface {
    public async up(queryRunner: QueryRunner): Promise<void> {
${up}
    }
    public async down(queryRunner: QueryRunner): Promise<void> {}
}
`,
  })
}
