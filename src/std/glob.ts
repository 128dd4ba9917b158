/**
 * Whether a path is meant by a pattern: `*` and `?` stay within one name, `**` goes through folders, `{a,b}` is either. A pattern without a slash
 * is a name in any folder; what lies below a folder that matches, matches too. Windows' backslashes in the path count as slashes.
 */
export function matchesGlob(pattern: string, path: string): boolean {
  const plain = pattern.replace(/^\.\//, '').replace(/\/+$/, '')
  const anchored = plain.includes('/') ? plain : `**/${plain}`
  return expressionOf(anchored).test(path.replaceAll('\\', '/').replace(/^\.\//, ''))
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern.match(/\*\*\/|\*\*|\*|\?|\{[^{}]*\}|[^*?{]+|./g) ?? []
  return new RegExp(`^${parts.map(partOf).join('')}(?:/.*)?$`)
}

function partOf(part: string): string {
  if (part === '**/') return '(?:[^/]+/)*'
  if (part === '**') return '.*'
  if (part === '*') return '[^/]*'
  if (part === '?') return '[^/]'
  if (part.startsWith('{') && part.endsWith('}')) return `(?:${part.slice(1, -1).split(',').map(literal).join('|')})`
  return literal(part)
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)
}
