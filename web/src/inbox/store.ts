import { batch, computed, effect, signal } from "@preact/signals";
import { ask as plainly } from "../net/ask";
import type { ServerMessage } from "../net/envelope";
import { NOTHING, type Customer, type Entry, type InboxState, type Message, type Offer, type Thread, type Ticket, type WholeThread, type WholeTicket } from "./model";
import { reduceInbox, reduceOpen, unreadIn, withMessage, withThread } from "./reducer";

export type View = "call" | "inbox";
export type TicketView = "mine" | "open" | "unassigned" | "late" | "all";
export type Chosen = { kind: "thread" | "ticket"; id: string } | null;
export type Loading = "no" | "loading" | "failed";

/** What an agent wrote and the server has not taken yet. */
export interface Unsent {
  key: string;
  text: string;
  note: boolean;
  state: "sending" | "failed";
  why: string;
}

const DRAFT = "hotline.inbox.draft.";
const UNSENT = "hotline.inbox.unsent";
const TYPING_MS = 3000;
const AGAIN_MS = 1500;

export const view = signal<View>("call");
export const inbox = signal<InboxState>(NOTHING);
export const loading = signal<Loading>("no");
export const chosen = signal<Chosen>(null);
export const openThread = signal<WholeThread | null>(null);
export const openTicket = signal<WholeTicket | null>(null);
export const openLoading = signal<Loading>("no");
export const customer = signal<Customer | null>(null);
export const unsent = signal<Record<string, Unsent[]>>(leftUnsent());
/** Thread to page milliseconds when its customer last typed. */
export const typing = signal<Record<string, number>>({});
export const ticketView = signal<TicketView>("mine");
export const found = signal<Ticket[]>([]);
/** What went wrong with the last button, in words. */
export const fault = signal("");
/** What came of it, where that is worth a line. */
export const done = signal("");

/** Tickets that came to this agent, or whose clock runs out, and that he has not looked at since. */
export const newTickets = signal<ReadonlySet<string>>(new Set());

export const unread = computed(() => unreadIn(inbox.value.threads) + inbox.value.offers.length + newTickets.value.size);

let typedAt = 0;
let again: ReturnType<typeof setTimeout> | undefined;

/** The answer of the server; throws its words where it refuses, "" where nobody answers. */
export const ask = <Answer>(path: string, method = "GET", body?: unknown): Promise<Answer> => plainly<Answer>(method, `/api/v1/${path}`, body);

/** Take an event of the desk's socket. */
export function hear(message: ServerMessage): void {
  if (message.type === "snapshot") void load();
  if (message.type === "queues" && view.value === "inbox") loadSoon();
  if (message.type === "inbox_typing") {
    const id = String((message.data as Record<string, unknown>)["thread_id"]);
    typing.value = { ...typing.value, [id]: Date.now() };
    setTimeout(() => (typing.value = { ...typing.value }), 6000);
  }
  if (!message.type.startsWith("inbox_")) return;
  if (message.type === "inbox_ticket") takeTicket(message.data as { ticket: Ticket; what: string });
  batch(() => {
    inbox.value = reduceInbox(inbox.value, message);
    openThread.value = reduceOpen(openThread.value, message);
    const told = (message.data as Record<string, unknown>)["message"] as Message | undefined;
    if (told?.direction === "in") typing.value = {};
  });
  markSeen();
}

/** A ticket is another now: whoever has it open sees it whole. */
function takeTicket({ ticket, what }: { ticket: Ticket; what: string }): void {
  const open = chosen.peek()?.id === ticket.id && view.peek() === "inbox";
  if (what !== "" && !open) newTickets.value = new Set([...newTickets.peek(), ticket.id]);
  if (ticket.assignee !== inbox.peek().choices.agent) forget(ticket.id);
  if (open) void refresh({ kind: "ticket", id: ticket.id });
}

function forget(id: string): void {
  if (newTickets.peek().has(id)) newTickets.value = new Set([...newTickets.peek()].filter((one) => one !== id));
}

export async function load(): Promise<void> {
  if (!inbox.value.ready) loading.value = "loading";
  try {
    const answer = await ask<Omit<InboxState, "ready">>("inbox");
    batch(() => {
      inbox.value = { ...answer, ready: true };
      loading.value = "no";
    });
    const open = chosen.value;
    if (open !== null && view.value === "inbox") await refresh(open);
  } catch {
    loading.value = inbox.value.ready ? "no" : "failed";
  }
}

function loadSoon(): void {
  again ??= setTimeout(() => {
    again = undefined;
    void load();
  }, AGAIN_MS);
}

export function show(which: View): void {
  view.value = which;
  if (which === "inbox" && loading.value !== "loading") void load();
}

export async function choose(kind: "thread" | "ticket", id: string): Promise<void> {
  batch(() => {
    view.value = "inbox";
    chosen.value = { kind, id };
    openThread.value = openThread.value?.thread.id === id ? openThread.value : null;
    openTicket.value = openTicket.value?.id === id ? openTicket.value : null;
    customer.value = null;
    fault.value = done.value = "";
    openLoading.value = "loading";
    forget(id);
  });
  await refresh({ kind, id });
}

export function putAway(): void {
  chosen.value = null;
}

async function refresh(which: NonNullable<Chosen>): Promise<void> {
  try {
    if (which.kind === "thread") {
      const whole = await ask<WholeThread>(`threads/${encodeURIComponent(which.id)}`);
      if (chosen.value?.id !== which.id) return;
      const before = openThread.value?.thread.id === which.id ? openThread.value.messages : [];
      openThread.value = { ...whole, messages: whole.messages.reduce(withMessage, before) };
      inbox.value = withThread(inbox.value, whole.thread);
    } else {
      const ticket = await ask<WholeTicket>(`inbox/tickets/${encodeURIComponent(which.id)}`);
      if (chosen.value?.id !== which.id) return;
      openTicket.value = ticket;
    }
    openLoading.value = "no";
    markSeen();
    await who(which, null);
  } catch {
    if (chosen.value?.id === which.id) openLoading.value = "failed";
  }
}

/** Whose it is, unless something else was opened meanwhile; `known` where nobody answers. */
async function who(which: NonNullable<Chosen>, known: Customer | null): Promise<void> {
  const found = await ask<Customer>(`timeline?${which.kind}=${encodeURIComponent(which.id)}`).catch(() => known);
  if (chosen.value?.id === which.id) customer.value = found;
}

export const reopen = (): void => {
  if (chosen.value !== null) void choose(chosen.value.kind, chosen.value.id);
};

/** Do something, and say what went wrong. */
async function doing<Answer>(work: () => Promise<Answer>): Promise<Answer | null> {
  fault.value = done.value = "";
  try {
    return await work();
  } catch (error) {
    fault.value = (error as Error).message || "offline";
    return null;
  }
}

// --- threads

export async function act(id: string, action: string, body: object = {}): Promise<void> {
  const thread = await doing(() => ask<Thread>(`threads/${encodeURIComponent(id)}/${action}`, "POST", body));
  if (thread === null || thread.id === undefined) return;
  inbox.value = withThread(inbox.value, thread);
  if (openThread.value?.thread.id === id) openThread.value = { ...openThread.value, thread };
}

export async function earlier(): Promise<void> {
  const open = openThread.value;
  const first = open?.messages[0]?.index ?? 0;
  if (open === null || first === 0) return;
  const whole = await doing(() => ask<WholeThread>(`threads/${encodeURIComponent(open.thread.id)}?before=${first}`));
  const now = openThread.value;
  if (whole !== null && now?.thread.id === open.thread.id)
    openThread.value = { ...now, messages: whole.messages.reduce(withMessage, now.messages) };
}

/** A note has a place of its own: what is meant for colleagues never comes back as what is meant for the customer. */
const draftKey = (id: string, note: boolean): string => `${DRAFT}${id}${note ? ".note" : ""}`;

export const draftOf = (id: string, note = false): string => localStorage.getItem(draftKey(id, note)) ?? "";

export function keepDraft(id: string, text: string, note = false): void {
  if (text === "") localStorage.removeItem(draftKey(id, note));
  else localStorage.setItem(draftKey(id, note), text);
}

export function typed(id: string, text: string, note: boolean): void {
  keepDraft(id, text, note);
  keepDraft(id, "", !note);
  if (note || text === "" || Date.now() - typedAt < TYPING_MS) return;
  typedAt = Date.now();
  void ask(`threads/${encodeURIComponent(id)}/typing`, "POST", {}).catch(() => undefined);
}

/** Send what was written; it stands there as unsent until the server has it. */
export function write(id: string, text: string, note: boolean): void {
  keepDraft(id, "", note);
  const line: Unsent = { key: crypto.randomUUID(), text, note, state: "sending", why: "" };
  setUnsent(id, [...(unsent.value[id] ?? []), line]);
  void send(id, line);
}

export function sendAgain(id: string, line: Unsent): void {
  setUnsent(id, (unsent.value[id] ?? []).map((one) => (one.key === line.key ? { ...one, state: "sending", why: "" } : one)));
  void send(id, line);
}

async function send(id: string, line: Unsent): Promise<void> {
  const path = `threads/${encodeURIComponent(id)}/${line.note ? "notes" : "messages"}`;
  try {
    const message = await ask<Message>(path, "POST", { text: line.text, key: line.key });
    batch(() => {
      setUnsent(id, (unsent.value[id] ?? []).filter((one) => one.key !== line.key));
      const open = openThread.value;
      if (open?.thread.id === id) openThread.value = { ...open, messages: withMessage(open.messages, message) };
    });
  } catch (error) {
    const why = (error as Error).message;
    setUnsent(id, (unsent.value[id] ?? []).map((one) => (one.key === line.key ? { ...one, state: "failed", why } : one)));
  }
}

/** Send the customer a file. */
export async function sendFile(id: string, file: File): Promise<void> {
  const query = new URLSearchParams({ name: file.name.slice(0, 300), key: crypto.randomUUID() });
  done.value = "";
  fault.value = "";
  try {
    const path = `/api/v1/threads/${encodeURIComponent(id)}/files?${query.toString()}`;
    const response = await fetch(path, { method: "POST", headers: { "content-type": "application/octet-stream" }, body: file });
    const answer = (await response.json().catch(() => ({}))) as Message & { error?: { message?: string } };
    if (!response.ok) {
      fault.value = answer.error?.message ?? "offline";
      return;
    }
    const open = openThread.value;
    if (open?.thread.id === id) openThread.value = { ...open, messages: withMessage(open.messages, answer) };
  } catch {
    fault.value = "offline";
  }
}

/** What a page before this one could not send: its key says whether the server has it after all. */
function leftUnsent(): Record<string, Unsent[]> {
  try {
    const left = JSON.parse(sessionStorage.getItem(UNSENT) ?? "{}") as Record<string, Unsent[]>;
    return Object.fromEntries(Object.entries(left).map(([id, lines]) => [id, lines.map((one) => ({ ...one, state: "failed", why: "" }))]));
  } catch {
    return {};
  }
}

effect(() => sessionStorage.setItem(UNSENT, JSON.stringify(unsent.value)));

function setUnsent(id: string, lines: Unsent[]): void {
  unsent.value = { ...unsent.value, [id]: lines };
}

/** Say that the open thread has been read, where a person can see it. */
function markSeen(): void {
  const open = openThread.value?.thread;
  if (open === undefined || view.value !== "inbox" || document.visibilityState === "hidden") return;
  if (open.agent_id !== inbox.value.choices.agent || open.count <= open.seen || chosen.value?.id !== open.id) return;
  const seen = { ...open, seen: open.count, unread: 0 };
  batch(() => {
    if (openThread.value !== null) openThread.value = { ...openThread.value, thread: seen };
    const threads = inbox.value.threads.map((one) => (one.id === open.id ? { ...one, seen: open.count, unread: 0 } : one));
    inbox.value = { ...inbox.value, threads };
  });
  void ask(`threads/${encodeURIComponent(open.id)}/seen`, "POST", { count: open.count }).catch(() => undefined);
}

// --- tickets

/** Take what is offered, or leave it to somebody else. */
export async function decide(offer: Offer, accept: boolean): Promise<void> {
  const path = offer.thread_id !== undefined ? `threads/${offer.thread_id}` : `inbox/tickets/${offer.ticket_id}`;
  await doing(() => ask(`${path}/${accept ? "accept" : "decline"}`, "POST", {}));
}

/** Make one, and open it; false where nobody answered: what is sent once more then is the same ticket. */
export async function makeTicket(values: object): Promise<boolean> {
  const what = JSON.stringify(values);
  if (asked.what !== what) asked = { what, key: crypto.randomUUID() };
  const ticket = await doing(() => ask<WholeTicket>("inbox/tickets", "POST", { ...values, key: asked.key }));
  if (ticket === null) return false;
  asked = { what: "", key: "" };
  void load();
  await choose("ticket", ticket.id);
  return true;
}

let asked = { what: "", key: "" };

export async function changeTicket(id: string, values: object): Promise<void> {
  await withTicket(id, "", "PATCH", values);
}

export async function commentTicket(id: string, text: string): Promise<boolean> {
  return withTicket(id, "/comments", "POST", { text });
}

export async function callTicket(id: string, how: "now" | "callback", words: string): Promise<void> {
  if (await withTicket(id, "/call", "POST", { how })) done.value = words;
}

async function withTicket(id: string, path: string, method: string, body: object): Promise<boolean> {
  const ticket = await doing(() => ask<WholeTicket>(`inbox/tickets/${encodeURIComponent(id)}${path}`, method, body));
  if (ticket === null) return false;
  if (chosen.value?.id === id) openTicket.value = ticket;
  await look(ticketView.value);
  return true;
}

export async function look(which: TicketView): Promise<void> {
  ticketView.value = which;
  const answer = await doing(() => ask<{ tickets: Ticket[] }>(`inbox/tickets?view=${which}`));
  if (answer === null || ticketView.value !== which) return;
  found.value = answer.tickets;
  if (which === "mine") inbox.value = { ...inbox.value, tickets: answer.tickets };
}

// --- the customer

export async function join(address: string): Promise<boolean> {
  return withAddress("POST", address);
}

export async function part(address: string): Promise<boolean> {
  return withAddress("DELETE", address);
}

async function withAddress(method: string, address: string): Promise<boolean> {
  const known = customer.value;
  const open = chosen.value;
  if (known === null || open === null) return false;
  const path = `customers/${encodeURIComponent(known.customer)}/addresses`;
  if ((await doing(() => ask(path, method, { address }))) === null) return false;
  await who(open, known);
  return true;
}

export async function moreHistory(): Promise<void> {
  const known = customer.value;
  const last: Entry | undefined = known?.entries.at(-1);
  const open = chosen.value;
  if (known === null || last === undefined || open === null) return;
  const older = await doing(() => ask<Customer>(`timeline?${open.kind}=${encodeURIComponent(open.id)}&before=${last.at}`));
  if (older !== null && customer.value === known) customer.value = { ...known, entries: [...known.entries, ...older.entries] };
}

effect(() => {
  // A tab that comes to the front has read what stands in it.
  document.addEventListener("visibilitychange", markSeen);
  return () => document.removeEventListener("visibilitychange", markSeen);
});
