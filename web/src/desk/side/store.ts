import { batch, computed, effect, signal } from "@preact/signals";
import { takeIntents } from "../../i18n";
import type { ServerMessage } from "../../net/envelope";
import { listeners } from "../heard";
import { account, desk, link } from "../store";
import { subject, written } from "./subject";
import {
  EMPTY_BOOK,
  PLAIN,
  saidAt,
  sceneOf,
  withMark,
  withRun,
  type Book,
  type Card,
  type Mark,
  type Past,
  type Run,
  type Scene,
} from "./book";
import { Refused } from "../../net/ask";
import { get, of, post } from "./requests";

export interface Recording {
  started_at: number;
  seconds: number | null;
}

/** What the server put forward because of what was said. */
export interface Pushed {
  name: string;
  why: string;
}

export type Loading = "loading" | "ready" | "failed";

export const book = signal<Book>(EMPTY_BOOK);
export const roles = signal<string[]>([]);
export const marks = signal<Mark[]>([]);
export const runs = signal<Run[]>([]);
export const recordings = signal<Recording[]>([]);
export const past = signal<Past[]>([]);
export const pastState = signal<Loading>("ready");
const pushedTo = signal<Record<string, Pushed[]>>({});
/** Cards with their text, by name, as far as they were fetched. */
export const cards = signal<Record<string, Card>>({});
/** The action whose form is open, "" for none. */
export const opened = signal("");
/** What went wrong last in a module, in words; "" for nothing. */
export const trouble = signal("");

const contactId = computed(() => subject.value?.id ?? "");
const phase = computed(() => subject.value?.phase ?? "");
export const pushed = computed<Pushed[]>(() => pushedTo.value[contactId.value] ?? []);

/** The scene of what is on the desk. */
export const scene = computed<Scene>(() => {
  const contact = subject.value;
  return contact === null ? PLAIN : sceneOf(book.value, contact, roles.value);
});

/** Without a scene's words changing, the page is drawn anew when a file changed. */
export async function loadBook(): Promise<void> {
  try {
    const found = await get<Book>("/api/v1/desk/book");
    if (found.version !== book.peek().version) {
      batch(() => {
        book.value = { ...EMPTY_BOOK, ...found };
        takeIntents(found.intents);
        cards.value = {};
      });
    }
  } catch {
    // The page stands without it; it is asked for again with the next connection.
  }
}

async function loadRoles(): Promise<void> {
  try {
    const me = await get<{ roles?: string[] }>("/api/v1/me");
    roles.value = me.roles ?? [];
  } catch {
    roles.value = [];
  }
}

/** What was ticked and done, and what there was with the customer before. */
async function meet(id: string): Promise<void> {
  batch(() => {
    marks.value = [];
    runs.value = [];
    recordings.value = [];
    past.value = [];
    opened.value = "";
    trouble.value = "";
    pastState.value = id === "" || written.peek() !== null ? "ready" : "loading";
  });
  if (id === "") return;
  // Of what is written the inbox knows the customer's past.
  await Promise.all([loadWork(id), written.peek() === null ? loadPast(id) : undefined]);
}

export async function loadWork(id = contactId.peek()): Promise<void> {
  try {
    const found = await get<{ marks: Mark[]; runs: Run[]; recordings?: Recording[] }>(of(id, "work"));
    if (id !== contactId.peek()) return;
    batch(() => {
      marks.value = found.marks;
      runs.value = found.runs.reduce<Run[]>(withRun, runs.peek());
      recordings.value = found.recordings ?? [];
    });
  } catch {
    // The rest of the page stands; what is ticked is sent all the same.
  }
}

export async function loadPast(id = contactId.peek()): Promise<void> {
  pastState.value = "loading";
  try {
    const found = await get<{ past: Past[] }>(of(id, "past"));
    if (id !== contactId.peek()) return;
    batch(() => {
      past.value = found.past;
      pastState.value = "ready";
    });
  } catch (error) {
    if (id !== contactId.peek()) return;
    // A call that the agent dials has no record before its number is dialled.
    const early = error instanceof Refused && error.status === 404 && subject.peek()?.phase === "connecting";
    pastState.value = early ? "loading" : "failed";
  }
}

/** Tick, or take the tick away: at once on the page, and back where the server did not take it. */
export async function put(mark: Mark): Promise<void> {
  const id = contactId.peek();
  const before = marks.peek();
  marks.value = withMark(before, { ...mark, at: Date.now() / 1000 });
  try {
    await post(of(id, "marks"), { kind: mark.kind, name: mark.name, value: mark.value });
    trouble.value = "";
  } catch (error) {
    if (id !== contactId.peek()) return;
    marks.value = withMark(marks.peek(), before.find((one) => one.kind === mark.kind && one.name === mark.name) ?? { ...mark, value: "" });
    fail(error);
  }
}

export function marked(kind: Mark["kind"], name: string): string {
  return marks.value.find((one) => one.kind === kind && one.name === name)?.value ?? "";
}

/** Have an action done; true where the server took it. Its result comes by the socket. */
export async function act(action: string, fields: Record<string, unknown>): Promise<boolean> {
  const id = contactId.peek();
  const what = JSON.stringify([id, action, fields]);
  if (unanswered.what !== what) unanswered = { what, id: token() };
  try {
    const { run } = await post<{ run: Run }>(of(id, "actions"), { id: unanswered.id, action, fields });
    unanswered = ANSWERED;
    if (id === contactId.peek()) runs.value = withRun(runs.peek(), run);
    trouble.value = "";
    return true;
  } catch (error) {
    if (error instanceof Refused && error.message !== "") unanswered = ANSWERED;
    fail(error);
    return false;
  }
}

const ANSWERED = { what: "", id: "" };
/** The order that may have reached the server: given once more it has the same name, and is done once. */
let unanswered = ANSWERED;

export async function again(run: Run): Promise<void> {
  const id = contactId.peek();
  try {
    const found = await post<{ run: Run }>(of(id, `actions/${run.id}/again`), {});
    if (id === contactId.peek()) runs.value = withRun(runs.peek(), found.run);
    trouble.value = "";
  } catch (error) {
    fail(error);
  }
}

/** A card with its text; from what was fetched before where it is there. */
export async function fetchCard(name: string): Promise<void> {
  if (cards.peek()[name] !== undefined) return;
  try {
    const card = await get<Card>(`/api/v1/desk/cards/${encodeURIComponent(name)}`);
    cards.value = { ...cards.peek(), [name]: card };
  } catch (error) {
    fail(error);
  }
}

/** The best cards for a query; the most used without one. */
export async function findCards(query: string, tags: readonly string[]): Promise<Card[] | null> {
  const asked = new URLSearchParams({ q: query, limit: query === "" ? "5" : "8" });
  for (const tag of tags) asked.append("tag", tag);
  try {
    const found = await get<{ cards: Card[] }>(`/api/v1/desk/cards?${asked.toString()}`);
    const known = Object.fromEntries(found.cards.map((card) => [card.name, card]));
    cards.value = { ...cards.peek(), ...known };
    return found.cards;
  } catch {
    return null;
  }
}

function fail(error: unknown): void {
  trouble.value = error instanceof Refused && error.message !== "" ? error.message : "offline";
}

function token(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}

function hear(message: ServerMessage): void {
  const data = (message.data ?? {}) as Record<string, unknown>;
  if (message.type === "cards" || message.type === "inbox_cards") takeCards(data);
  if (message.type === "snapshot" && data["cards"]) takeCards(data["cards"] as Record<string, unknown>);
  if (message.type === "book") void loadBook();
  if (message.type === "recording" && data["contact_id"] === contactId.peek()) void loadWork();
  if (message.type === "action" && data["contact_id"] === contactId.peek()) {
    runs.value = withRun(runs.peek(), data["run"] as Run);
  }
}

/** Cards for a contact, a conversation or a ticket; of the last few they are kept. */
export function takeCards(data: Record<string, unknown>): void {
  if (!Array.isArray(data["cards"])) return;
  const id = String(data["contact_id"]);
  const others = Object.entries(pushedTo.peek()).filter(([name]) => name !== id);
  pushedTo.value = Object.fromEntries([...others.slice(-9), [id, data["cards"] as Pushed[]]]);
}

/** What the agent is heard to say is ticked by itself. */
function listen(): void {
  const contact = desk.value.contact;
  if (contact === null || written.value !== null) return;
  for (const name of scene.value.lines) {
    const line = book.value.lines.find((one) => one.name === name);
    if (line === undefined || marked("line", name) !== "" || told.has(`${contact.id} ${name}`)) continue;
    if (saidAt(line, contact.turns) !== null) {
      told.add(`${contact.id} ${name}`);
      void put({ kind: "line", name, value: "said" });
    }
  }
}

const told = new Set<string>();

listeners.push(hear);
effect(() => void meet(contactId.value));
let known = { id: "", phase: "" };
effect(() => {
  const now = { id: contactId.value, phase: phase.value };
  const goesOn = now.id !== "" && now.id === known.id && now.phase !== known.phase;
  known = now;
  if (goesOn && pastState.peek() !== "ready") void Promise.all([loadWork(), loadPast()]);
});
effect(() => {
  if (account.value !== "signed_in" || link.value !== "open") return;
  void loadRoles();
  void loadBook();
  if (contactId.peek() !== "") void loadWork();
});
effect(listen);
