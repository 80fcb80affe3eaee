import { computed, effect, signal } from "@preact/signals";
import { language } from "../i18n";
import { mark } from "../media/debug";
import { fetchHealth, logout, signedIn } from "../net/api";
import { Refused } from "../net/ask";
import { ServerClock } from "../net/clock";
import type { ServerMessage } from "../net/envelope";
import { Gathered } from "../net/gathered";
import { everySecond } from "../net/heartbeat";
import { RequestError, Socket, socketUrl, type SocketStatus } from "../net/socket";
import { byWhom, reasonIn } from "../ui/why";
import * as api from "./api";
import { withNews } from "./figures";
import { EMPTY, type Agent, type Call, type Formula, type Point, type Queue } from "./model";
import { paced, reduceWall } from "./reducer";
import { t } from "./words";
import { unturned } from "../i18n/fill";

export type Account = "checking" | "signed_out" | "signed_in" | "expired" | "not_allowed" | "unreachable";
/** What is open over the board. */
export type Card =
  | { kind: "call" | "agent" | "queue" | "figure"; id: string }
  | { kind: "broadcast"; agents: string[]; teams: string[] };

export const account = signal<Account>("checking");
export const who = signal<api.Me>({ id: "", name: "" });
export const wall = signal(EMPTY);
export const link = signal<SocketStatus>("connecting");
/** Server seconds now; moves once a second. */
export const now = signal(Date.now() / 1000);
/** The queue that figures and charts are of; "" for all. */
export const scope = signal("");
export const card = signal<Card | null>(null);
export const tv = signal(new URLSearchParams(location.search).has("tv"));
export const orders = signal<api.Standing>({ drained: {}, lent: {} });
/** Flows that callers can be sent to. */
export const flows = signal<string[]>([]);
export const notice = signal<{ words: string; kind: "good" | "danger" } | null>(null);
export const history = signal<{ queue: string; today: Point[]; before: Point[] } | null>(null);

export const supervises = computed(() => who.value.roles?.includes("supervisor") ?? false);
/** The board by its parts: who reads one is not drawn anew for a change in another. */
export const part = {
  ready: computed(() => wall.value.ready),
  day: computed(() => wall.value.day),
  stale: computed(() => wall.value.stale),
  queues: computed(() => wall.value.queues),
  agents: computed(() => wall.value.agents),
  calls: computed(() => wall.value.calls),
  trunks: computed(() => wall.value.trunks),
  nodes: computed(() => wall.value.nodes),
  figures: computed(() => wall.value.figures),
  points: computed(() => wall.value.points),
  settings: computed(() => wall.value.settings),
};
export const formulas = computed(() => new Map(part.settings.value.formulas.map((one) => [one.name, one])));
export const callsById = computed(() => new Map(part.calls.value.map((one) => [one.id, one])));
export const agentsById = computed(() => new Map(part.agents.value.map((one) => [one.id, one])));
/** Quarters of an hour of the chosen queue, today's and last week's. */
export const points = computed(() => {
  const read = history.value;
  if (read === null || read.queue !== scope.value) return { today: [], before: [] };
  return { today: withNews(read.today, part.points.value, scope.value), before: read.before };
});

const clock = new ServerClock();
const QUARTER = 900;
const DRAW_MS = 100;
/** Agents drawn anew in one picture: of 300 who all change, each is drawn within a second. */
const DRAW_AGENTS = 30;
let pending = wall.value;
/** Agents that changed since they were drawn. */
const late = new Set<string>();
/** However many events come, the page is drawn ten times a second at most. */
const drawing = new Gathered(DRAW_MS, () => {
  tick();
  wall.value = paced(wall.value, pending, late, DRAW_AGENTS);
  if (late.size > 0) drawing.soon();
});

const socket = new Socket({
  url: socketUrl("/ws/wall"),
  resume: true,
  onMessage: hear,
  onStatus: (status) => {
    link.value = status;
    if (status === "open") {
      clock.reset();
      void readRest();
    }
    if (status === "closed" && account.value === "signed_in") void begin();
  },
  mayRetry: async () => (await signedIn()) !== "no",
});

function hear(message: ServerMessage): void {
  if (message.at !== undefined) clock.hear(message.at);
  const before = pending.day;
  pending = reduceWall(pending, message);
  if (message.type === "agents") for (const { id } of (message.data as { agents?: Agent[] }).agents ?? []) late.add(id);
  if (message.type === "snapshot") late.clear();
  if (message.type === "day" && pending.day !== before) void readHistory();
  if (message.type === "queues" || message.type === "snapshot") mark(message.type);
  drawing.soon();
}

/** Whole seconds: what counts time is drawn once a second, whatever else is drawn; without a connection nothing is known to go on. */
function tick(): void {
  if (link.value !== "lost") now.value = Math.floor(wall.value.stale ?? clock.now());
}

/** Without a session: whoever had one is told that it is over. */
function ended(): Account {
  return account.value === "signed_in" || account.value === "expired" ? "expired" : "signed_out";
}

export async function begin(): Promise<void> {
  try {
    who.value = await api.me();
  } catch (error) {
    const status = error instanceof Refused ? error.status : 0;
    if (status === 401 || status === 403) account.value = ended();
    else account.value = "unreachable";
    if (account.value === "unreachable") setTimeout(() => void begin(), 2000);
    return;
  }
  if (!(who.value.roles ?? ["supervisor"]).some((role) => role === "supervisor" || role === "admin")) {
    account.value = "not_allowed";
    return;
  }
  account.value = "signed_in";
  socket.open();
}

export async function signOut(): Promise<void> {
  account.value = "signed_out";
  await logout();
  socket.close();
  pending = wall.value = EMPTY;
  late.clear();
  history.value = card.value = null;
}

/** What the socket does not tell: orders that stand, and the day so far. */
async function readRest(): Promise<void> {
  void fetchHealth().then((health) => (flows.value = health?.flows ?? flows.value));
  await Promise.all([readOrders(), readHistory()]);
}

export async function readOrders(): Promise<void> {
  try {
    orders.value = await api.standing();
  } catch {
    // The board works without; the next reconnect or order reads it again.
  }
}

export async function readHistory(): Promise<void> {
  const queue = scope.value;
  try {
    const found = await api.history(queue, "", QUARTER, 1);
    if (queue === scope.value) history.value = { queue, today: found.today as Point[], before: found.before as Point[] };
  } catch {
    if (queue === scope.value) history.value = { queue, today: [], before: [] };
  }
}

export function look(queue: string): void {
  if (scope.value === queue) return;
  scope.value = queue;
  void readHistory();
}

const SAID_MS = 10_000;

/** Say what went well; not for long, the board is looked at for hours. */
export function said(words: string): void {
  const mine = { words, kind: "good" as const };
  notice.value = mine;
  setTimeout(() => notice.value === mine && (notice.value = null), SAID_MS);
}

/** Do it, and say how it went; true where it was done. */
export async function order(doing: Promise<unknown>, done: string): Promise<boolean> {
  try {
    await doing;
    said(done);
    void readOrders();
    return true;
  } catch (error) {
    const over = error instanceof Refused && error.status === 401;
    notice.value = over ? null : { words: wordsOf(error), kind: "danger" };
    if (over) account.value = ended();
    return false;
  }
}

export function wordsOf(error: unknown): string {
  const words = error instanceof Refused ? error.message : error instanceof RequestError ? error.words : "";
  return words || t("wall.no_answer");
}

export const acknowledge = (alert: string, note: string): Promise<void> => socket.request("acknowledge", { alert, note });
export const own = (alert: string, owner: string): Promise<void> => socket.request("own", { alert, owner });

// --- words for what the server named

export function formulaOf(name: string): Formula | undefined {
  return formulas.value.get(name);
}

export function reasonName(name: string): string {
  return reasonIn(part.settings.value.breaks, name);
}

export function agentName(id: string): string {
  return unturned(agentsById.value.get(id)?.name || id);
}

/** Who did something: an account by its name. */
export function doneBy(by: string): string {
  const words = byWhom(by);
  return words === by ? agentName(by) : words;
}

export function callerOf(call: Call): string {
  return unturned(call.caller.name || call.caller.number || t("wall.unknown"));
}

export function textOf(text: { zh: string; en: string }): string {
  return text[language.value] || text.en || text.zh;
}

export function queueOf(name: string): Queue | undefined {
  return part.queues.value.find((one) => one.name === name);
}

/** Everybody's skills, for the list of what can be lent. */
export function skillNames(agents: readonly Agent[]): string[] {
  return [...new Set(agents.flatMap((one) => Object.keys(one.skills)))].sort();
}

// --- TV

let awake: { release(): Promise<void> } | null = null;

/** Fill the screen, without controls; the screen is kept awake where the browser can. */
export async function television(on: boolean): Promise<void> {
  tv.value = on;
  card.value = null;
  if (!on) {
    await awake?.release().catch(() => undefined);
    awake = null;
    if (document.fullscreenElement !== null) await document.exitFullscreen().catch(() => undefined);
    return;
  }
  await document.documentElement.requestFullscreen?.().catch(() => undefined);
  awake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
}

document.addEventListener("fullscreenchange", () => {
  if (document.fullscreenElement === null && tv.value) void television(false);
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && tv.value) void television(false);
});

everySecond(tick);
effect(() => {
  document.title = `${t("wall.title")} · Hotline`;
});
effect(() => {
  document.documentElement.classList.toggle("tv", tv.value);
});
