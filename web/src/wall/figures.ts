import { length } from "../i18n";
import type { Agent, Call, Figures, Point, Queue, Unit, WallState } from "./model";

export const NONE = "–";

/** A number as people read it: 84 %, 0:14, 4.3, 120. */
export function shown(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  switch (unit) {
    case "share":
      return `${percent(value)} %`;
    case "seconds":
      return length(Math.round(value));
    case "score":
      return value.toFixed(1);
    default:
      return String(Math.round(value));
  }
}

/** Small shares keep a digit: 0.4 %. */
function percent(share: number): string {
  const hundred = share * 100;
  return hundred !== 0 && Math.abs(hundred) < 9.95 ? hundred.toFixed(1) : hundred.toFixed(0);
}

const BETTER: Record<string, 1 | -1> = {
  service_level: 1,
  containment: 1,
  csat: 1,
  fcr: 1,
  confidence: 1,
  self_served: 1,
  answered: 1,
  reached: 1,
  abandonment: -1,
  abandoned: -1,
  overflowed: -1,
  asa: -1,
  aht: -1,
  longest_wait: -1,
  waiting: -1,
  mood_level: -1,
  angry: -1,
};

/** Below this a difference is noise and says nothing. */
const NOISE: Record<Unit, number> = { share: 0.01, seconds: 2, score: 0.1, count: 1 };

export interface Change {
  /** "+4 %" is said as points: the difference of two shares. */
  words: string;
  up: boolean;
  kind: "good" | "attention" | "calm";
}

/** How a number differs from last week's; null where there is nothing to compare, or nothing to say. */
export function change(name: string, unit: Unit, value: number | null | undefined, before: number | null | undefined): Change | null {
  if (typeof value !== "number" || typeof before !== "number") return null;
  const by = value - before;
  if (Math.abs(by) < NOISE[unit]) return null;
  const size = unit === "share" ? (Math.abs(by) * 100).toFixed(Math.abs(by) < 0.0995 ? 1 : 0) : shown(Math.abs(by), unit);
  const sign = BETTER[name];
  const grave = Math.abs(by) > Math.abs(before) * 0.1;
  const kind = sign === undefined || !grave ? "calm" : by * sign > 0 ? "good" : "attention";
  return { words: `${by > 0 ? "+" : "−"}${size}`, up: by > 0, kind };
}

export type Age = "good" | "waiting" | "attention" | "danger";

/** How long somebody waits, by the limit of the service level: within, up to twice, up to four times, more. */
export function age(seconds: number, within: number): Age {
  const limit = within > 0 ? within : 20;
  return seconds <= limit ? "good" : seconds <= limit * 2 ? "waiting" : seconds <= limit * 4 ? "attention" : "danger";
}

/** Who waits in a queue, the longest first, as far as calls are known. */
export function waitingCalls(calls: readonly Call[], queue: string): Call[] {
  return calls
    .filter((call) => call.queue === queue && (call.phase === "waiting" || call.phase === "offered"))
    .sort((a, b) => (a.queued_at ?? a.started_at) - (b.queued_at ?? b.started_at));
}

/** The longest wait of all, from when. */
export function longestSince(queues: readonly Queue[], scope: string): number | null {
  const since = queues.filter((one) => scope === "" || one.name === scope).flatMap((one) => one.longest_since ?? []);
  return since.length === 0 ? null : Math.min(...since);
}

export function waitingIn(queues: readonly Queue[], scope: string): number {
  return queues.filter((one) => scope === "" || one.name === scope).reduce((sum, one) => sum + one.waiting, 0);
}

export type Group = "free" | "talking" | "wrap_up" | "break" | "breathing" | "offline";

/** Who is rung counts as one who talks: neither is free. */
export function groupOf(agent: Pick<Agent, "state" | "breathing">): Group {
  switch (agent.state) {
    case "available":
      return "free";
    case "reserved":
    case "in_call":
      return "talking";
    case "wrap_up":
      return "wrap_up";
    case "break":
      return agent.breathing ? "breathing" : "break";
    default:
      return "offline";
  }
}

export function counted(agents: readonly Agent[]): Record<Group, number> {
  const found: Record<Group, number> = { free: 0, talking: 0, wrap_up: 0, break: 0, breathing: 0, offline: 0 };
  for (const agent of agents) found[groupOf(agent)] += 1;
  return found;
}

/** Calls in the order in which somebody should look: angry ones, silent ones, then the longest. */
export function worth(calls: readonly Call[], now: number): Call[] {
  return calls.slice().sort((a, b) => weight(b, now) - weight(a, now) || a.started_at - b.started_at);
}

/** Silence of this length on a talk is odd. */
export const QUIET_SECONDS = 20;

function weight(call: Call, now: number): number {
  const mood = call.mood === "angry" ? 4 : call.mood === "tense" ? 2 : 0;
  const quiet = call.quiet_since !== null && now - call.quiet_since > QUIET_SECONDS ? 2 : 0;
  return mood + quiet + (call.mood_trend === "rising" ? 0.5 : 0) + (call.mood_level ?? 0) / 10;
}

/** Points of the history with what came since, by second. */
export function withNews(points: readonly Point[], news: WallState["points"], queue: string): Point[] {
  const all = new Map(points.map((point) => [point.second, point]));
  for (const { second, figures } of news) {
    const found: Figures | undefined = figures[queue];
    if (found !== undefined) all.set(second, { ...found, second });
  }
  return [...all.values()].sort((a, b) => a.second - b.second);
}

export interface Line {
  /** SVG path; "" where there is nothing to draw. */
  path: string;
  /** The last point, for a mark. */
  end: [number, number] | null;
}

/** Two lines in one box of `width` by `height`, on a common scale; gaps where nothing happened, a dash where a value stands alone. Pure. */
export function sparks(today: readonly Point[], before: readonly Point[], name: string, width: number, height: number): [Line, Line] {
  const values = [...today, ...before].flatMap((point) => (typeof point[name] === "number" ? [point[name]] : []));
  const none: Line = { path: "", end: null };
  if (values.length < 2) return [none, none];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const seconds = [...today, ...before].map((point) => point.second);
  const [from, to] = [Math.min(...seconds), Math.max(...seconds)];
  const x = (second: number): number => (to === from ? width / 2 : ((second - from) / (to - from)) * width);
  const y = (value: number): number => (high === low ? height / 2 : height - 1 - ((value - low) / (high - low)) * (height - 2));
  const line = (points: readonly Point[]): Line => {
    let path = "";
    let end: [number, number] | null = null;
    let open = false;
    const single = new Set(alone(points.map((point) => point[name])));
    for (const [at, point] of points.entries()) {
      const value = point[name];
      if (typeof value !== "number") {
        open = false;
        continue;
      }
      end = [round(x(point.second)), round(y(value))];
      path += single.has(at) ? `M${round(end[0] - 1)} ${end[1]}h2` : `${open ? "L" : "M"}${end[0]} ${end[1]}`;
      open = true;
    }
    return { path, end };
  };
  return [line(today), line(before)];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Places of values between nothing and nothing: no line leads to them, so a chart has dots there. */
export function alone(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values).flatMap((value, at) => (value != null && values[at - 1] == null && values[at + 1] == null ? [at] : []));
}
