/** A connection URL without its password and without parameters that may hold a secret; what is no URL is not shown at all. */
export function redactUrl(text: string): string {
  const url = URL.parse?.(text) ?? parse(text)
  if (url === undefined || url === null) return '(a URL that cannot be read)'
  const user = url.username === '' ? '' : `${url.username}@`
  return `${url.protocol}//${user}${url.host}${url.pathname}`
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
