/** Whom a call may be given to, and what is known of a third party. Pure. */
import type { AgentState } from "../model";

export type Recording = "off" | "on" | "paused";
export type ConsultState = "calling" | "consult" | "caller" | "three_way" | "away" | "failed";

export interface Consult {
  state: ConsultState;
  /** Who was asked: a colleague's name or a number. */
  name: string;
  /** Why nobody came, where the state is `failed`: declined no_answer gone busy failed. */
  reason: string;
}

/** A number that this agent dials. */
export interface Dialled {
  contact_id: string;
  to: string;
  state: "calling" | "ringing" | "answered" | "ended";
  /** Why nobody answered: busy declined no_answer failed cancelled. */
  reason: string;
}

export type MonitorMode = "listen" | "whisper" | "barge" | "take";

/** How this supervisor is in a talk. */
export interface Monitored {
  contact_id: string;
  mode: MonitorMode;
}

export interface Colleague {
  id: string;
  name: string;
  state: AgentState;
  team: string;
}

export interface Slot {
  slot: string;
  /** The contact in it; "" for a free one. */
  contact: string;
  /** Who parked it. */
  by: string;
  /** Server seconds, or null for a free one. */
  since: number | null;
}

export interface Directory {
  /** What these were found by: part of a name, or its pinyin, which only the server knows. */
  query: string;
  agents: Colleague[];
  queues: { name: string; waiting: number | null }[];
  flows: string[];
  slots: Slot[];
  /** Numbers that this agent dialled, the newest first. */
  recent: string[];
}

export const NOBODY: Directory = { query: "", agents: [], queues: [], flows: [], slots: [], recent: [] };

export type TargetKind = "agent" | "queue" | "flow" | "number";

/** One row of the list of those who could get the call. */
export interface Target {
  kind: TargetKind;
  /** As the server takes it: `agent:anna`, `queue:billing`, `flow:survey`, `+4930...`. */
  to: string;
  name: string;
  /** Team of a colleague. */
  team: string;
  /** State of a colleague. */
  state: AgentState | "";
  waiting: number | null;
  /** Whether it can be asked before it gets the call. */
  canConsult: boolean;
}

/** Best to reach first. */
const NEARNESS: readonly AgentState[] = ["available", "wrap_up", "in_call", "reserved", "break", "offline"];
const CONSULTS = new Set(["calling", "consult", "caller", "three_way", "away", "failed"]);
const MOST_TARGETS = 40;
const TEXT = 120;

/** The state after an event of the server; null where the third party is gone or never was. */
export function consultOf(data: unknown, before: Consult | null): Consult | null {
  const { state, with: other, reason } = (data ?? {}) as Record<string, unknown>;
  if (typeof state !== "string" || !CONSULTS.has(state)) return null;
  const who = (other ?? {}) as Record<string, unknown>;
  const name = textOf(who["name"]) || textOf(who["to"]) || textOf(who["id"]) || (before?.name ?? "");
  return { state: state as ConsultState, name, reason: textOf(reason) };
}

/** Null where nobody is dialled any more; an end that has a reason stays, to be said. */
export function dialledOf(data: unknown): Dialled | null {
  const { contact_id, to, state, reason } = (data ?? {}) as Record<string, unknown>;
  if (state !== "calling" && state !== "ringing" && state !== "answered" && state !== "ended") return null;
  return { contact_id: textOf(contact_id), to: textOf(to), state, reason: textOf(reason) };
}

/** Null where this supervisor is in no talk. */
export function monitoredOf(data: unknown): Monitored | null {
  const { contact_id, mode } = (data ?? {}) as Record<string, unknown>;
  if (mode !== "listen" && mode !== "whisper" && mode !== "barge" && mode !== "take") return null;
  return { contact_id: textOf(contact_id), mode };
}

export function recordingOf(state: unknown): Recording {
  return state === "on" || state === "paused" ? state : "off";
}

/** Every list of the answer, whatever the server left out of it. */
export function directoryOf(data: unknown): Directory {
  const lists = (data ?? {}) as Record<string, unknown>;
  return {
    query: textOf(lists["query"]),
    agents: listOf(lists["agents"]).map((one) => ({
      id: textOf(one["id"]),
      name: textOf(one["name"]) || textOf(one["id"]),
      state: (textOf(one["state"]) || "offline") as AgentState,
      team: textOf(one["team"]),
    })),
    queues: listOf(lists["queues"]).map((one) => ({
      name: textOf(one["name"]),
      waiting: typeof one["waiting"] === "number" ? one["waiting"] : null,
    })),
    flows: listOf(lists["flows"]).map((one) => textOf(one["name"])),
    slots: listOf(lists["slots"]).map((one) => ({
      slot: textOf(one["slot"] ?? one["name"]),
      contact: textOf(one["contact"]),
      by: textOf(one["by"]),
      since: typeof one["since"] === "number" ? one["since"] : null,
    })),
    recent: listOf(lists["recent"]).map((one) => textOf(one["name"])),
  };
}

/** Those that fit what was typed, the nearest first; `me` is never among them. A number that was typed stands first. */
export function targetsOf(directory: Directory, typed: string, me: string): Target[] {
  const number = numberOf(typed);
  const found: Target[] = number === "" ? [] : [target("number", number, number, { canConsult: true })];
  const here = answers(directory, typed) ? (): boolean => true : (...names: string[]): boolean => fits(typed, ...names);
  const colleagues = directory.agents
    .filter((one) => one.id !== me && here(one.name, one.id, one.team))
    .sort((a, b) => near(a.state) - near(b.state) || a.name.localeCompare(b.name));
  for (const { id, name, state, team } of colleagues) {
    found.push(target("agent", `agent:${id}`, name, { state, team, canConsult: state === "available" }));
  }
  for (const { name, waiting } of directory.queues) if (here(name)) found.push(target("queue", `queue:${name}`, name, { waiting }));
  for (const name of directory.flows) if (here(name)) found.push(target("flow", `flow:${name}`, name));
  return found.slice(0, MOST_TARGETS);
}

/** Whether the server has answered just what stands in the field. */
export function answers(directory: Directory | null, typed: string): boolean {
  return directory !== null && directory.query.trim() === typed.trim();
}

/** What was typed as a number or address that can be dialled; "" where it is none. */
export function numberOf(typed: string): string {
  const text = typed.trim();
  if (/^sips?:[^\s@]+@?[^\s@]+$/i.test(text) && text.length <= 255) return text;
  const digits = text.replace(/[\s().\-/]/g, "");
  return /^\+?[0-9*#]{2,32}$/.test(digits) ? digits : "";
}

function fits(typed: string, ...texts: string[]): boolean {
  const words = typed.trim().toLowerCase().split(/\s+/);
  return words.every((word) => texts.some((text) => text.toLowerCase().includes(word)));
}

function near(state: AgentState): number {
  const at = NEARNESS.indexOf(state);
  return at < 0 ? NEARNESS.length : at;
}

function target(kind: TargetKind, to: string, name: string, more: Partial<Target> = {}): Target {
  return { kind, to, name, team: "", state: "", waiting: null, canConsult: false, ...more };
}

/** Items with fields; a bare name becomes one with `name`. */
function listOf(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.map((one) => (typeof one === "object" && one !== null ? (one as Record<string, unknown>) : { name: one, slot: one }));
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).slice(0, TEXT) : "";
}
