import type { JSX } from "preact";
import { now } from "../desk/store";
import type { Clock, Ticket } from "./model";
import { span, t } from "./words";

const SHAPES: Record<Clock["state"], string> = {
  running: "good",
  paused: "waiting",
  late: "danger",
  met: "good",
  missed: "danger",
};

type Name = "respond" | "resolve";

/** A promise and how it stands; it counts by itself. */
export function ClockLine({ name, clock }: { name: Name; clock: Clock }): JSX.Element {
  const runs = clock.state === "running" || clock.state === "late";
  const left = runs ? clock.due_at - now() : clock.left;
  const state = runs ? (left < 0 ? "late" : "running") : clock.state;
  const shape = state === "running" && left < 1800 ? "attention" : SHAPES[state];
  return (
    <span class={`clock ${shape}`} data-testid={`clock-${name}`} data-state={state}>
      <span class={`shape ${shape}`} aria-hidden="true" />
      {t(`clock.${name}`)} {t(`clock.${state}`, { time: span(left) })}
    </span>
  );
}

/** The clock that runs out first, of those that run. */
export function nearest(ticket: Ticket): { name: Name; clock: Clock } | null {
  const running = (["respond", "resolve"] as const)
    .map((name) => ({ name, clock: ticket.clocks[name] }))
    .filter((one): one is { name: Name; clock: Clock } => one.clock !== null && one.clock.state !== "met" && one.clock.state !== "missed");
  return running.sort((a, b) => a.clock.due_at - b.clock.due_at)[0] ?? null;
}
