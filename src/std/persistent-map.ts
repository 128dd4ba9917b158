interface TreeNode<Value> {
  readonly key: string
  readonly value: Value
  readonly priority: number
  readonly size: number
  readonly left: Tree<Value>
  readonly right: Tree<Value>
}

type Tree<Value> = TreeNode<Value> | undefined

/**
 * A map that is never changed: `with` and `without` give a new one that shares all but a few nodes, in O(log n).
 * Iterates in the order of its keys (by code units). A treap: each key's hash is its priority, so equal contents have equal shape.
 */
export class PersistentMap<Value> implements ReadonlyMap<string, Value> {
  /** All but the entry put last, which goes into the tree only when another one comes: one relation is often changed many times in a row. */
  readonly #tree: Tree<Value>
  readonly #last: { readonly key: string; readonly value: Value } | undefined
  #whole: Tree<Value>

  private constructor(tree: Tree<Value>, last?: { readonly key: string; readonly value: Value }) {
    this.#tree = tree
    this.#last = last
  }

  get #root(): Tree<Value> {
    if (this.#last === undefined) return this.#tree
    this.#whole ??= insert(this.#tree, this.#last.key, this.#last.value)
    return this.#whole
  }

  /** Gives the map itself where it is one already. */
  static from<Value>(entries: Iterable<readonly [string, Value]>): PersistentMap<Value> {
    if (entries instanceof PersistentMap) return entries
    let root: Tree<Value>
    for (const [key, value] of entries) root = insert(root, key, value)
    return new PersistentMap(root)
  }

  get size(): number {
    return sizeOf(this.#root)
  }

  get(key: string): Value | undefined {
    return this.#last?.key === key ? this.#last.value : find(this.#tree, key)?.value
  }

  has(key: string): boolean {
    return this.#last?.key === key || find(this.#tree, key) !== undefined
  }

  with(key: string, value: Value): PersistentMap<Value> {
    return new PersistentMap(this.#last?.key === key ? this.#tree : this.#root, { key, value })
  }

  without(key: string): PersistentMap<Value> {
    return this.has(key) ? new PersistentMap(remove(this.#root, key)) : this
  }

  /** The entries that `older` has not, or has with another value. Where one grew out of the other it costs what changed, and not what they share. */
  since(older: PersistentMap<Value>): readonly (readonly [string, Value])[] {
    const found: (readonly [string, Value])[] = []
    collect(this.#root, older.#root, found)
    return found
  }

  forEach(visit: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this) visit(value, key, this)
  }

  entries(): MapIterator<[string, Value]> {
    return walk(this.#root, (node): [string, Value] => [node.key, node.value])
  }

  keys(): MapIterator<string> {
    return walk(this.#root, (node) => node.key)
  }

  values(): MapIterator<Value> {
    return walk(this.#root, (node) => node.value)
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries()
  }
}

function sizeOf(tree: Tree<unknown>): number {
  return tree === undefined ? 0 : tree.size
}

function find<Value>(tree: Tree<Value>, key: string): Tree<Value> {
  let at = tree
  while (at !== undefined && at.key !== key) at = key < at.key ? at.left : at.right
  return at
}

function insert<Value>(tree: Tree<Value>, key: string, value: Value): TreeNode<Value> {
  if (tree === undefined) return { key, value, priority: hash(key), size: 1, left: undefined, right: undefined }
  if (key === tree.key) return { key, value, priority: tree.priority, size: tree.size, left: tree.left, right: tree.right }
  if (key < tree.key) {
    const left = insert(tree.left, key, value)
    return left.priority > tree.priority ? node(left, left.left, node(tree, left.right, tree.right)) : node(tree, left, tree.right)
  }
  const right = insert(tree.right, key, value)
  return right.priority > tree.priority ? node(right, node(tree, tree.left, right.left), right.right) : node(tree, tree.left, right)
}

function remove<Value>(tree: Tree<Value>, key: string): Tree<Value> {
  if (tree === undefined) return undefined
  if (key === tree.key) return merge(tree.left, tree.right)
  return key < tree.key ? node(tree, remove(tree.left, key), tree.right) : node(tree, tree.left, remove(tree.right, key))
}

function merge<Value>(left: Tree<Value>, right: Tree<Value>): Tree<Value> {
  if (left === undefined) return right
  if (right === undefined) return left
  return left.priority > right.priority
    ? node(left, left.left, merge(left.right, right))
    : node(right, merge(left, right.left), right.right)
}

function node<Value>(of: TreeNode<Value>, left: Tree<Value>, right: Tree<Value>): TreeNode<Value> {
  return { key: of.key, value: of.value, priority: of.priority, size: sizeOf(left) + sizeOf(right) + 1, left, right }
}

function collect<Value>(now: Tree<Value>, then: Tree<Value>, found: (readonly [string, Value])[]): void {
  if (now === undefined || now === then) return
  const [left, same, right] = cut(then, now.key)
  collect(now.left, left, found)
  if (same === undefined || same.value !== now.value) found.push([now.key, now.value])
  collect(now.right, right, found)
}

/** What stands left of the key, at it and right of it; whole subtrees stay the same objects. */
function cut<Value>(tree: Tree<Value>, key: string): readonly [Tree<Value>, Tree<Value>, Tree<Value>] {
  if (tree === undefined) return [undefined, undefined, undefined]
  if (key === tree.key) return [tree.left, tree, tree.right]
  if (key < tree.key) {
    const [left, same, right] = cut(tree.left, key)
    return [left, same, node(tree, right, tree.right)]
  }
  const [left, same, right] = cut(tree.right, key)
  return [node(tree, tree.left, left), same, right]
}

// With a stack of its own: a generator for each node costs more than the node.
function* walk<Value, Item>(tree: Tree<Value>, item: (node: TreeNode<Value>) => Item): Generator<Item, undefined> {
  const above: TreeNode<Value>[] = []
  let at = tree
  for (;;) {
    for (; at !== undefined; at = at.left) above.push(at)
    const next = above.pop()
    if (next === undefined) return
    yield item(next)
    at = next.right
  }
}

// FNV-1a, then the finaliser of MurmurHash3, so that names that differ in their last digit spread out.
function hash(key: string): number {
  let mixed = 0x811c9dc5
  for (let at = 0; at < key.length; at += 1) mixed = Math.imul(mixed ^ key.charCodeAt(at), 0x01000193)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
