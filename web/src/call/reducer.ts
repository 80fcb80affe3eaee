import type { ServerMessage } from "../net/envelope";
import { IDLE, type CallPhase, type CallState, type Caption } from "./model";

/** Captions kept on the page: a long call must not slow it down. */
const CAPTIONS = 300;
const PHASES: readonly string[] = ["connecting", "bot", "queue", "agent", "held", "ended"];

export type CallEvent =
  | ServerMessage
  | { type: "dial" }
  | { type: "microphone" }
  | { type: "lost"; cause: string };

/** The caller's page after `event`; `now` in page milliseconds. An ended call stays ended until it is dialled again. */
export function reduceCall(state: CallState, event: CallEvent, now: number): CallState {
  switch (event.type) {
    case "microphone":
      return { ...IDLE, phase: "microphone" };
    case "dial":
      return { ...IDLE, phase: "connecting" };
    case "lost":
      return ended(state, "cause" in event ? event.cause : "", now);
  }
  const data = (("data" in event ? event.data : null) ?? {}) as Record<string, unknown>;
  if (state.phase === "idle" || (state.phase === "ended" && event.type !== "ended")) return state;
  switch (event.type) {
    case "phase":
      return withPhase(state, data, now);
    case "caption":
      return { ...state, captions: captioned(state.captions, (data["turn"] ?? data) as Caption) };
    case "ended":
      return ended(state, String(data["cause"] ?? ""), now);
    default:
      return state;
  }
}

/** With one more caption, or with another in the place of the one of the same number. */
function captioned(captions: readonly Caption[], turn: Caption): Caption[] {
  const place = turn.index === undefined ? -1 : captions.findIndex((one) => one.index === turn.index);
  if (place < 0) return [...captions, turn].slice(-CAPTIONS);
  return captions.map((one, at) => (at === place ? turn : one));
}

function withPhase(state: CallState, data: Record<string, unknown>, now: number): CallState {
  const phase = String(data["phase"]);
  if (!PHASES.includes(phase)) return state;
  if (phase === "ended") return ended(state, state.cause, now);
  const answered = phase !== "connecting";
  return {
    ...state,
    phase: phase as CallPhase,
    position: numberOr(data["position"]),
    estimate: numberOr(data["estimate"]),
    agent: typeof data["agent"] === "string" && data["agent"] !== "" ? data["agent"] : phase === "held" ? state.agent : "",
    since: state.since ?? (answered ? now : null),
  };
}

function ended(state: CallState, cause: string, now: number): CallState {
  if (state.phase === "ended") return state.cause === "" ? { ...state, cause } : state;
  return { ...state, phase: "ended", cause, endedAt: now };
}

function numberOr(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
