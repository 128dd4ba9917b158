import type { Files } from '../../src/model/adapter.ts'
import { LockkeeperError } from '../../src/model/errors.ts'

/** A folder in memory: what an adapter sees of a project. */
export function memoryFiles(contents: { readonly [path: string]: Uint8Array | string }): Files {
  const paths = Object.keys(contents)
  const isFolder = (path: string) => path === '' || path === '.' || paths.some((each) => each.startsWith(`${path}/`))
  const bytes = (path: string) => new Uint8Array(Buffer.from(contents[path] ?? ''))
  return {
    root: '/project',
    exists: async (path) => await Promise.resolve(path in contents ? 'file' : isFolder(path) ? 'folder' : undefined),
    read: async (path) => {
      if (!(path in contents)) throw new LockkeeperError('source-missing', `${path} does not exist`)
      return await Promise.resolve(bytes(path))
    },
    list: async (path) => {
      if (!isFolder(path)) throw new LockkeeperError('source-missing', `${path} does not exist`)
      const inside = paths.filter((each) => each.startsWith(`${path}/`)).map((each) => each.slice(path.length + 1).split('/'))
      const names = [...new Map(inside.map(([name = '', ...rest]) => [name, rest.length > 0])).entries()].toSorted(([one], [other]) =>
        one < other ? -1 : 1,
      )
      return await Promise.resolve(names.map(([name, folded]) => ({ name, kind: folded ? ('folder' as const) : ('file' as const) })))
    },
  }
}
