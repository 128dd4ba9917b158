/** Seeds of the random kills: 2 for each version in `npm test` with 5 kills each, 10 in the full run (LOCKKEEPER_KILL_SEEDS). */
export function killCases(): readonly number[] {
  const seeds = Number(process.env['LOCKKEEPER_KILL_SEEDS'] ?? 2)
  return Array.from({ length: seeds }, (_, n) => 20_261_124 + n)
}
