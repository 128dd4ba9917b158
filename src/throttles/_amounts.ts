/** Bytes of `64MB`, `1.5 GB`, `512kB`, `100B`; in steps of 1024, as the server counts. Undefined where it is none, or nothing. */
export function sizeBytes(text: string): number | undefined {
  return amountIn({ b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 }, text)
}

/** Milliseconds of `100ms`, `10s`, `5min`, `1h`. Undefined where it is none, or nothing. */
export function durationMs(text: string): number | undefined {
  return amountIn({ ms: 1, s: 1_000, min: 60_000, h: 3_600_000 }, text)
}

/** Bytes a second of `50MB/s`. Undefined where it is none, or nothing. */
export function bytesPerSecond(text: string): number | undefined {
  return /\/\s*s\s*$/i.test(text) ? sizeBytes(text.replace(/\/\s*s\s*$/i, '')) : undefined
}

/** `80` of `80%`. Undefined where it is none, or nothing. */
export function percent(text: string): number | undefined {
  return amountIn({ '%': 1 }, text)
}

/** A number of things, from 1. */
export function count(text: string): number | undefined {
  return /^\s*\d+\s*$/.test(text) ? amountIn({ '': 1 }, text) : undefined
}

/** `850 ms`, `1.5 s`, `12 s`, `3 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1).replace('.0', '')} s`
  return ms < 180_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`
}

/** A limit of 0 is none: everything would hold, and a load would be a division by zero. */
function amountIn(units: { readonly [unit: string]: number }, text: string): number | undefined {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z%]*)\s*$/i.exec(text) ?? []
  const factor = units[(unit ?? '').toLowerCase()]
  const amount = factor === undefined ? 0 : Number(digits) * factor
  return amount > 0 && Number.isFinite(amount) ? amount : undefined
}
