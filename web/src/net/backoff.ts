/** Milliseconds before attempt `attempt` (0 is the first retry): 200, 400, 800, 1600, then 2500, less up to a quarter by `random` (0..1). */
export function retryDelay(attempt: number, random: number): number {
  const full = Math.min(2500, 200 * 2 ** Math.min(attempt, 10));
  return Math.round(full * (1 - 0.25 * random));
}
