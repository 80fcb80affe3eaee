import type { Clock, Ticket } from "./model";

export type ClockName = "respond" | "resolve";

/** The clock that runs out first, of those that run. */
export function nearest(ticket: Ticket): { name: ClockName; clock: Clock } | null {
  const running = (["respond", "resolve"] as const)
    .map((name) => ({ name, clock: ticket.clocks[name] }))
    .filter((one): one is { name: ClockName; clock: Clock } => one.clock !== null && one.clock.state !== "met" && one.clock.state !== "missed");
  return running.sort((a, b) => a.clock.due_at - b.clock.due_at)[0] ?? null;
}
