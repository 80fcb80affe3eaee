/** What the wall socket tells (docs/wall.md). Times are server seconds. */

export interface Queue {
  name: string;
  waiting: number;
  longest_since: number | null;
  estimated_wait: number | null;
  /** When those who wait came, the longest first; 60 at most. */
  since: number[];
  offered: number;
  talking: number;
  /** The service level's limit in seconds. */
  within: number;
}

export type AgentState = "available" | "reserved" | "in_call" | "wrap_up" | "break" | "offline";

export interface Reasoned {
  code: string;
  value: number | string;
  zh: string;
  en: string;
}

export interface Agent {
  id: string;
  name: string;
  team: string;
  site: string;
  state: AgentState;
  reason: string;
  by: string;
  since: number;
  until: number | null;
  wanted: string;
  calls: string[];
  queue: string;
  mood: Mood;
  mood_level: number | null;
  skills: Record<string, number>;
  languages: string[];
  served: number;
  missed: number;
  duty_since: number | null;
  busy: number | null;
  strain: number | null;
  strain_why: Reasoned[];
  breathing: boolean;
  devices: string[];
}

export type Mood = "calm" | "tense" | "angry" | "";
export type Phase = "bot" | "waiting" | "offered" | "connected";

export interface Call {
  id: string;
  phase: Phase;
  queue: string;
  agent: string;
  caller: { name: string; number: string };
  channel: string;
  language: string;
  intent: string;
  label: string;
  flow: string;
  state: string;
  trunk: string;
  node: string;
  started_at: number;
  queued_at: number | null;
  connected_at: number | null;
  mood: Mood;
  mood_level: number | null;
  mood_trend: "rising" | "falling" | "steady" | "";
  confidence: number | null;
  quiet_since: number | null;
  turns: number;
}

export interface Trunk {
  name: string;
  node: string;
  state: string;
  calls_in: number;
  calls_out: number;
  registered: boolean | null;
  down: boolean | number | null;
}

export interface Node {
  name: string;
  at: number;
  alive: boolean;
  leads: boolean;
  calls: number;
  lag_ms: number | null;
  version: string;
  started_at: number;
}

/** Names as in `formulas`; null where nothing happened yet. */
export type Figures = Record<string, number | null>;

export interface AllFigures {
  today: Record<string, Figures>;
  usual: Record<string, Figures>;
  now: Figures;
}

export interface Alert {
  id: string;
  rule: string;
  severity: "attention" | "danger";
  metric: string;
  value: number;
  limit: number;
  unit: Unit;
  subject: { kind: "queue" | "agent" | "call" | "ticket" | "trunk" | "node" | "house"; id: string; name: string };
  text: { zh: string; en: string };
  opened_at: number;
  closed_at: number | null;
  acknowledged_at: number | null;
  acknowledged_by: string;
  owner: string;
  note: string;
  /** When messages went out last, how many stages of its rule were told, and who was told last. */
  sent_at?: number | null;
  stage?: number;
  told?: string[];
}

export type Unit = "seconds" | "share" | "count" | "score";

export interface Formula {
  name: string;
  unit: Unit;
  zh: { label: string; formula: string; note: string };
  en: { label: string; formula: string; note: string };
}

export interface Point {
  /** From midnight. */
  second: number;
  [figure: string]: number | null;
}

export interface WallSettings {
  within: Record<string, number>;
  breaks: { name: string; zh: string; en: string }[];
  formulas: Formula[];
}

export interface WallState {
  /** A snapshot has come. */
  ready: boolean;
  day: string;
  day_start: number;
  /** Seconds when the queues were last read, while the server cannot read them. */
  stale: number | null;
  queues: Queue[];
  agents: Agent[];
  calls: Call[];
  trunks: Trunk[];
  nodes: Node[];
  figures: AllFigures;
  alerts: Alert[];
  settings: WallSettings;
  /** Quarters of an hour that came since the history was read, the newest last. */
  points: { second: number; figures: Record<string, Figures> }[];
}

export const EMPTY: WallState = {
  ready: false,
  day: "",
  day_start: 0,
  stale: null,
  queues: [],
  agents: [],
  calls: [],
  trunks: [],
  nodes: [],
  figures: { today: {}, usual: {}, now: {} },
  alerts: [],
  settings: { within: {}, breaks: [], formulas: [] },
  points: [],
};
