/** What stands on the desk socket (docs/desk-protocol.md). Times are server seconds since the epoch. */

import type { AgentWhy, Reason } from "../ui/why";
import type { Consult, Dialled, Directory, Monitored, Recording } from "./call/line";
import type { Disposition } from "./call/tree";

export type AgentState = "offline" | "available" | "reserved" | "in_call" | "wrap_up" | "break";
export type Phase = "offered" | "connecting" | "connected" | "held" | "wrap_up" | "ended";

export interface Agent {
  id: string;
  name: string;
  state: AgentState;
  reason: string;
  /** Who asked for the state: "" this agent, `system`, `schedule`, or a supervisor. */
  by?: string;
  since: number;
  until: number | null;
  /** How often the wrap-up may still be lengthened. */
  extensions?: number;
  skills: Record<string, number>;
  languages: string[];
}

export interface Queue {
  name: string;
  waiting: number;
  longest_since: number | null;
}

export interface Turn {
  at: number;
  speaker: "caller" | "bot" | "agent";
  text: string;
  language: string;
  medium: "speech" | "keys";
  /** 0..1, null for the bot and for keys. */
  confidence: number | null;
  state: string;
  intent: string;
  /** How the caller sounded: calm, tense, angry; "" or missing where nobody listened for it. */
  mood?: string;
}

export interface HistoryEntry {
  at: number | null;
  topic: string;
  result: string;
}

export interface Profile {
  name?: string;
  tier?: string;
  products?: string[];
  history?: HistoryEntry[];
}

/** What the flow wants the agent to know. */
export interface Handover {
  note?: string;
  summary?: string;
  /** Who wrote the summary, where that was a language model; else empty or missing. */
  summary_by?: string;
  facts?: Record<string, unknown>;
  why?: Words[];
  mood?: string;
  /** 0..1 */
  mood_level?: number;
  mood_trend?: string;
  mood_why?: Words[];
  triggers?: Trigger[];
  hints?: Hint[];
  talk?: Talk;
  /** Where we called the customer. */
  callback?: Callback;
}

/** The promise that this call keeps. Times are epoch seconds. */
export interface Callback {
  number: string;
  promised_at: number;
  attempt: number;
  reason: string;
  summary: string;
  /** `lost`: the first call broke off. */
  origin: string;
}

/** A text, or the same in several languages. */
export type Words = string | Record<string, string>;

/** Advice for the agent. */
export interface Hint {
  at: number;
  name: string;
  kind: string;
  text: Words;
  why?: Words;
}

/** Somebody said what the flow waits for. */
export interface Trigger {
  at: number;
  name: string;
  kind: string;
  speaker: string;
  text: string;
  /** Index of the turn. */
  turn?: number;
  did?: string[];
  task?: string;
  due_at?: number;
}

export interface TalkSide {
  seconds: number;
  /** Units a minute; null until it has spoken for a while. */
  rate: number | null;
  unit: string;
}

/** How a talk goes; shares are 0..1 of its time without holds. */
export interface Talk {
  seconds: number;
  silence: number;
  talk_over: number;
  talk_overs: number;
  caller: TalkSide;
  agent: TalkSide;
}

/** A trigger that people must see at once. */
export interface Alert {
  contact_id: string;
  queue: string;
  agent: string;
  caller: string;
  trigger: Trigger;
}

export interface Contact {
  id: string;
  phase: Phase;
  queue: string;
  channel: string;
  caller: { number: string; name: string; authenticated: boolean };
  profile: Profile;
  handover: Handover;
  /** What the caller's system told besides who calls; each where there is one. */
  signalling?: { user_to_user?: string; trunk?: string; diversion?: string };
  language: string;
  intent: { name: string; label?: string; confidence: number } | null;
  slots: Record<string, unknown>;
  tags: string[];
  needs: Record<string, number>;
  why: string;
  started_at: number | null;
  queued_at: number | null;
  answered_at: number | null;
  /** Since when it is this agent's: null where it is not, as for a colleague who is asked; missing as `answered_at`. */
  yours_since?: number | null;
  held: boolean;
  note: string;
  turns: Turn[];
  /** What was said in the call that asked to be called. */
  earlier?: Turn[];
  /** Where a colleague asked this agent about the caller of the colleague's call. */
  consult?: { by: string; name: string; state: string };
}

/** Something that happened to this agent without this agent's doing. */
export interface Told {
  at: number;
  kind: "state" | "healed" | "follow_up" | "follow_up_due" | "broadcast";
  state?: AgentState;
  reason?: string;
  by?: string;
  what?: string;
  /** Of a broadcast. */
  text?: string;
  /** The task that came of a follow-up, and when it is due (epoch seconds). */
  ticket?: string;
  due_at?: number;
  subject?: string;
}

export interface DeskSettings {
  ring_seconds: number;
  wrap_up_seconds: number;
  /** Plain names, or branches with more beneath. */
  dispositions: Disposition[];
  /** Reasons that may be chosen for a break. */
  breaks: Reason[];
  ice_servers: RTCIceServer[];
}

export type RingEnd = "accepted" | "no_answer" | "declined" | "taken" | "caller_left";
export type MediaState = "none" | "connecting" | "connected" | "lost" | "closed";

export interface DeskState {
  /** False until the first snapshot. */
  ready: boolean;
  agent: Agent | null;
  queues: Queue[];
  contact: Contact | null;
  ring: { contact_id: string; until: number } | null;
  /** How the last offer left the desk, while no other contact came. */
  lastEnd: { contact_id: string; reason: RingEnd | "ended" } | null;
  media: { leg_id: string; state: MediaState };
  settings: DeskSettings;
  /** Not yet put away, the oldest first. */
  alerts: Alert[];
  told: Told | null;
  /** The last answer to "why am I not getting calls?". */
  explained: AgentWhy | null;
  /** The third party whom the agent asked, while there is one; "failed" once, where nobody came. */
  consult: Consult | null;
  recording: Recording;
  /** Whom a call may be given to, as the server last said. */
  directory: Directory | null;
  /** The number that is dialled, and how that ended until it is read. */
  dialled: Dialled | null;
  /** The talk that this supervisor is in. */
  monitor: Monitored | null;
}

export const EMPTY: DeskState = {
  ready: false,
  agent: null,
  queues: [],
  contact: null,
  ring: null,
  lastEnd: null,
  media: { leg_id: "", state: "none" },
  settings: { ring_seconds: 20, wrap_up_seconds: 30, dispositions: [], breaks: [], ice_servers: [] },
  alerts: [],
  told: null,
  explained: null,
  consult: null,
  recording: "off",
  directory: null,
  dialled: null,
  monitor: null,
};
