import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createJiti, type Jiti, type TransformOptions, type TransformResult } from 'jiti'

/**
 * Loads the user's TypeScript, with the aliases of its tsconfig.json. Nothing is cached on disk: a cache in a project is nobody's to trust.
 * Files with decorators (entities that a migration imports) go through the project's own TypeScript where it has one, since Babel, which jiti
 * uses, cannot decorate a field.
 */
export function moduleLoader(root: string): Jiti {
  const typescript = ownTypescript(root)
  const transform = (options: TransformOptions): TransformResult =>
    typescript !== undefined && decorated.test(options.source)
      ? { code: typescript.transpile(options.source, compilerOptions(typescript)) }
      : babel(options)
  return createJiti(`${root}/`, { fsCache: false, tsconfigPaths: true, transform })
}

const decorated = /^[ \t]*@[\p{L}_$][\p{L}\p{N}_$]*\s*\(/mu

// What jiti uses itself where no other is given; jiti is pinned, and its own entry loads it by this path.
const require = createRequire(import.meta.url)
const babel = require(join(dirname(require.resolve('jiti')), '..', 'dist', 'babel.cjs')) as (options: TransformOptions) => TransformResult

/** The parts that we use of the project's compiler; TypeScript 7 has no such interface. */
interface Typescript {
  transpile(source: string, options: object): string
  readonly ModuleKind: { readonly CommonJS: number }
  readonly ScriptTarget: { readonly ES2022: number }
}

function ownTypescript(root: string): Typescript | undefined {
  try {
    const found = createRequire(join(root, 'package.json'))('typescript') as Partial<Typescript>
    return found.transpile === undefined ? undefined : (found as Typescript)
  } catch {
    return undefined
  }
}

/** As `typeorm init` and Nest set them. */
function compilerOptions(typescript: Typescript): object {
  const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true, useDefineForClassFields: false }
  return { module: typescript.ModuleKind.CommonJS, target: typescript.ScriptTarget.ES2022, esModuleInterop: true, ...decorators }
}
