import type { Counts } from "../api";

/** Callers lost in a state today, whichever way. */
export function gaveUp(counts: Counts, state: string): number {
  return Object.values(counts.gave_up[state] ?? {}).reduce((sum, one) => sum + one, 0);
}

/** Keys of the edges that carry most of today's callers: at most five, each with a tenth of the busiest or more. */
export function busiest(counts: Counts): string[] {
  const sorted = Object.entries(counts.edges).sort((one, other) => other[1] - one[1]);
  const most = sorted[0]?.[1] ?? 0;
  return sorted.filter(([, count]) => count > 0 && count >= most / 10).slice(0, 5).map(([key]) => key);
}
