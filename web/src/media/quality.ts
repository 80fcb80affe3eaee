/** What the line is like, in three words. */
export type Grade = "unknown" | "good" | "fair" | "poor" | "silent";

export interface InboundCounts {
  /** Packets since the call began. */
  received: number;
  lost: number;
  /** Seconds. */
  jitter: number;
}

/** Grade of the time between two readings. Loss up to 1 % and jitter up to 20 ms are good, 4 % and 50 ms fair (G.107). */
export function gradeOf(before: InboundCounts | null, now: InboundCounts): Grade {
  if (before === null) return "unknown";
  const received = now.received - before.received;
  const lost = Math.max(0, now.lost - before.lost);
  if (received <= 0) return "silent";
  const share = lost / (received + lost);
  if (share <= 0.01 && now.jitter <= 0.02) return "good";
  return share <= 0.04 && now.jitter <= 0.05 ? "fair" : "poor";
}
