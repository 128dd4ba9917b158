/** ALTER ROLE ... PASSWORD 'x' and connection strings show up in the server's views; they must not show up with us, nor what follows them. */
export function withoutSecrets(query: string): string {
  return query
    .replace(/\s+/g, ' ')
    .replace(/\b(passw(?:or)?d)\b.*/i, '$1 ***')
    .replace(/(:\/\/[^:/@\s]*:)[^@\s]+@/g, '$1***@')
}
