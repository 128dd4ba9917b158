/** `2,000,000`. By hand, since toLocaleString loads tables that take longer than all else here. */
export function grouped(n: number): string {
  return String(n).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

const sizeUnits = ['kB', 'MB', 'GB', 'TB', 'PB'] as const

/** `512 bytes`, `16 kB`, `1.2 GB`; in steps of 1024, as the server's pg_size_pretty. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} bytes`
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), sizeUnits.length)
  const amount = bytes / 1024 ** power
  return `${amount < 10 ? amount.toFixed(1).replace('.0', '') : Math.round(amount)} ${sizeUnits[power - 1] ?? 'kB'}`
}

const ageUnits = [
  { word: 'day', ms: 86_400_000 },
  { word: 'hour', ms: 3_600_000 },
  { word: 'minute', ms: 60_000 },
] as const

/** `3 hours ago`, `6 days ago`, `just now`. */
export function ageText(ms: number): string {
  const unit = ageUnits.find((each) => ms >= each.ms)
  if (unit === undefined) return 'just now'
  const n = Math.floor(ms / unit.ms)
  return `${n} ${unit.word}${n === 1 ? '' : 's'} ago`
}
