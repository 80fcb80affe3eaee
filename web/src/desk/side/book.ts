/** What stands beside a conversation (docs/workbench.md), and which of it is for a contact. Pure. */

import { fill } from "../../i18n/fill";
import type { Contact, Turn, Words } from "../model";

export interface Fits {
  channel: string[];
  queue: string[];
  intent: string[];
  tag: string[];
  tier: string[];
  language: string[];
  mood: string[];
  product: string[];
  role: string[];
}

export interface Scene {
  name: string;
  title: Words;
  fits: Fits;
  who: string[];
  do: string[];
  procedure: string;
  lines: string[];
  actions: string[];
  tags: string[];
}

export interface CardTitle {
  name: string;
  title: Words;
  tags: string[];
}

export interface Card extends CardTitle {
  text: Words;
  link: string;
  uses: { opened?: number; useful?: number; useless?: number };
}

export interface Procedure {
  name: string;
  title: Words;
  steps: { name: string; text: Words }[];
}

export interface Line {
  name: string;
  text: Words;
  said: Record<string, string[]>;
  /** Seconds of the talk after which it is overdue; 0 for never. */
  within: number;
}

export interface Field {
  name: string;
  title: Words;
  type: "text" | "number" | "choice" | "date" | "flag";
  choices: Record<string, Words>;
  default: string;
  required: boolean;
  least: number | null;
  most: number | null;
}

export interface Action {
  name: string;
  title: Words;
  hook: string;
  fields: Field[];
  confirm: Words;
  roles: string[];
}

export interface Offer {
  name: string;
  title: Words;
  text: Words;
  fits: Fits;
  action: string;
}

export interface Frame {
  name: string;
  title: Words;
  tall: boolean;
}

export interface Book {
  version: string;
  scenes: Scene[];
  cards: CardTitle[];
  procedures: Procedure[];
  lines: Line[];
  actions: Action[];
  offers: Offer[];
  frames: Frame[];
  /** What the flows call what callers want, by language. */
  intents?: Record<string, Partial<Record<string, string>>>;
}

/** Something that was ticked. */
export interface Mark {
  kind: "step" | "line" | "offer" | "card" | "hint";
  name: string;
  value: string;
  agent_id?: string;
  at?: number;
}

/** Something that another system was asked to do. */
export interface Run {
  id: string;
  action: string;
  fields: Record<string, unknown>;
  status: "waiting" | "done" | "refused" | "failed";
  attempts: number;
  reason: string;
  answer: { message?: Words; data?: Record<string, unknown> };
  created_at: number;
  updated_at: number;
}

/** One thing that there was with this customer. */
export interface Past {
  kind: string;
  id: string;
  at: number;
  title: string;
  result: string;
  agent: string;
  open: boolean;
  channel?: string;
  queue?: string;
  note?: string;
  summary?: string;
  mood?: string;
  due_at?: number | null;
  priority?: string;
}

export const EMPTY_BOOK: Book = { version: "", scenes: [], cards: [], procedures: [], lines: [], actions: [], offers: [], frames: [] };

const NOWHERE: Fits = { channel: [], queue: [], intent: [], tag: [], tier: [], language: [], mood: [], product: [], role: [] };

/** What the page is made of where no file says anything. */
export const PLAIN: Scene = {
  name: "",
  title: "",
  fits: NOWHERE,
  who: ["caller", "mood", "intent", "callback", "handover", "offers", "tickets", "facts", "why", "history"],
  do: ["lines", "procedure", "cards", "actions", "advice", "wrap_up"],
  procedure: "",
  lines: [],
  actions: [],
  tags: [],
};

const WRAP_UP = "wrap_up";

/** The scene for a contact: of those that fit the one that names most, of these the first; note and outcome are in each. */
export function sceneOf(book: Book, contact: Contact, roles: readonly string[]): Scene {
  let best = PLAIN;
  let named = -1;
  for (const scene of book.scenes) {
    const count = Object.values(scene.fits).filter((names) => names.length > 0).length;
    if (count > named && fits(scene.fits, contact, roles)) {
      best = scene;
      named = count;
    }
  }
  const there = [...best.who, ...best.do].includes(WRAP_UP);
  return there ? best : { ...best, do: [...best.do, WRAP_UP] };
}

/** Whether each list that has names in it has one of the contact's. */
export function fits(wanted: Fits, contact: Contact, roles: readonly string[]): boolean {
  const { profile, handover } = contact;
  const products = (profile.products ?? []).join(" ").toLowerCase();
  const has: Record<keyof Fits, (name: string) => boolean> = {
    channel: (name) => contact.channel === name,
    queue: (name) => contact.queue === name,
    intent: (name) => contact.intent?.name === name,
    tag: (name) => contact.tags.includes(name),
    tier: (name) => profile.tier === name,
    language: (name) => contact.language.split("-")[0] === name,
    mood: (name) => handover.mood === name,
    product: (name) => products.includes(name.toLowerCase()),
    role: (name) => roles.includes(name),
  };
  return (Object.keys(has) as (keyof Fits)[]).every((key) => {
    const names = wanted[key] ?? [];
    return names.length === 0 || names.some(has[key]);
  });
}

/** Letters and digits alone, in small letters: what two spellings of the same have in common. */
export function plain(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}

/** When the agent said one of the line's phrases, in seconds since the epoch; null where nobody did. */
export function saidAt(line: Line, turns: readonly Turn[]): number | null {
  const phrases = Object.values(line.said).flat().map(plain).filter((phrase) => phrase !== "");
  for (const turn of turns) {
    if (turn.speaker !== "agent") continue;
    const words = plain(turn.text);
    if (phrases.some((phrase) => words.includes(phrase))) return turn.at;
  }
  return null;
}

/** What a field begins with: the value where its default leads, or the default itself. */
export function beginning(field: Field, contact: Contact): string {
  const [root = "", ...rest] = field.default.split(".");
  const roots: Record<string, unknown> = { slots: contact.slots, profile: contact.profile, caller: contact.caller, facts: contact.handover.facts };
  if (rest.length === 0 || !(root in roots)) return field.default;
  let found: unknown = roots[root];
  for (const part of rest) found = typeof found === "object" && found !== null ? (found as Record<string, unknown>)[part] : undefined;
  if (typeof found !== "string" && typeof found !== "number" && typeof found !== "boolean") return "";
  const text = String(found);
  if (field.type === "number") return /-?\d+(?:\.\d+)?/.exec(text)?.[0] ?? "";
  if (field.type === "choice") return text in field.choices ? text : "";
  return field.type === "date" && !/^\d{4}-\d{2}-\d{2}$/.test(text) ? "" : text;
}

/** What is still wrong with what was filled in, by field: `empty`, `number`, `least` or `most`. */
export function missing(action: Action, values: Record<string, string>): Record<string, "empty" | "number" | "least" | "most"> {
  const found: Record<string, "empty" | "number" | "least" | "most"> = {};
  for (const field of action.fields) {
    const text = (values[field.name] ?? "").trim();
    if (text === "") {
      if (field.required && field.type !== "flag") found[field.name] = "empty";
    } else if (field.type === "number") {
      const number = Number(text);
      if (!Number.isFinite(number)) found[field.name] = "number";
      else if (field.least !== null && number < field.least) found[field.name] = "least";
      else if (field.most !== null && number > field.most) found[field.name] = "most";
    }
  }
  return found;
}

/** A text with `{name}` replaced by what was filled in. */
export function filledIn(text: string, values: Record<string, string>): string {
  return fill(text, values);
}

/** The runs with one more, or another state of one. */
export function withRun(runs: readonly Run[], run: Run): Run[] {
  const known = runs.some((one) => one.id === run.id);
  const newer = (before: Run): Run => (before.updated_at <= run.updated_at ? run : before);
  return known ? runs.map((one) => (one.id === run.id ? newer(one) : one)) : [...runs, run];
}

/** The marks with one changed. */
export function withMark(marks: readonly Mark[], mark: Mark): Mark[] {
  const others = marks.filter((one) => one.kind !== mark.kind || one.name !== mark.name);
  return mark.value === "" ? others : [...others, mark];
}

/** Whether a turn was said while something was recorded. */
export function recorded(turn: Turn, recordings: readonly { started_at: number; seconds: number | null }[]): boolean {
  if (turn.medium === "keys" || turn.text === "") return false;
  return recordings.some((one) => turn.at >= one.started_at && (one.seconds === null || turn.at <= one.started_at + one.seconds + 1));
}

/** What there was with the customer, in one order: our own records, and the calls that the customer file knows besides. */
export function together(past: readonly Past[], contact: Contact): Past[] {
  const near = (at: number): boolean => past.some((one) => one.kind === "call" && Math.abs(one.at - at) < 60);
  const told = (contact.profile.history ?? [])
    .filter((one) => one.topic !== "" || one.result !== "")
    .filter((one) => one.at === null || !near(one.at))
    .map((one, n) => ({ kind: "call", id: `file-${n}`, at: one.at ?? 0, title: one.topic, result: one.result, agent: "", open: false }));
  return [...past, ...told].sort((a, b) => b.at - a.at);
}
