import type { JSX } from "preact";
import { now } from "../desk/store";
import type { ClockName } from "./clocks";
import type { Clock } from "./model";
import { span, t, when } from "./words";

const SHAPES: Record<Clock["state"], string> = {
  running: "good",
  resting: "waiting",
  paused: "waiting",
  late: "danger",
  met: "good",
  missed: "danger",
};

/** A promise and how it stands; it counts by itself. */
export function ClockLine({ name, clock }: { name: ClockName; clock: Clock }): JSX.Element {
  const runs = clock.state === "running" || clock.state === "resting" || clock.state === "late";
  const left = runs ? clock.due_at - now() : clock.left;
  const state = runs && left < 0 ? "late" : clock.state;
  const byDate = clock.hours === true && (state === "running" || state === "resting");
  const shape = state === "running" && left < 1800 ? "attention" : SHAPES[state];
  return (
    <span class={`clock ${shape}`} data-testid={`clock-${name}`} data-state={state}>
      <span class={`shape ${shape}`} aria-hidden="true" />
      {t(`clock.${name}`)} {byDate ? t("clock.until", { time: when(clock.due_at, now()) }) : t(`clock.${state}`, { time: span(left) })}
      {state === "resting" && ` · ${t("clock.resting")}`}
    </span>
  );
}
