import { batch, computed, effect, signal } from "@preact/signals";
import { t, type Key } from "../i18n";
import { mark } from "../media/debug";
import { Microphone } from "../media/microphone";
import { Phone } from "../media/phone";
import { Ringer } from "../media/ringer";
import { logout, me, signedIn } from "../net/api";
import { ServerClock } from "../net/clock";
import type { ServerMessage } from "../net/envelope";
import { Gathered } from "../net/gathered";
import { NO_AGENT, RequestError, SIGNED_OUT, Socket, socketUrl, type SocketStatus } from "../net/socket";
import { placesFor } from "../ui/Nav";
import { reasonIn } from "../ui/why";
import { allowNotifications, announce } from "./call/preferences";
import { forgetDraft, keepDraft, loadDraft, mergeDraft, NO_DRAFT, unsentDrafts, type Draft } from "./draft";
import { listeners } from "./heard";
import { EMPTY, type AgentState, type Alert, type Contact } from "./model";
import { afterPaint } from "./painted";
import { reduce } from "./reducer";

export type Account = "unknown" | "signed_out" | "signed_in" | "not_allowed";
export type Link = SocketStatus | "replaced";
export type Saving = "saved" | "saving" | "local";

const NOTE_MS = 500;
const DRAW_MS = 100;
/** What may come often and can wait for a frame; everything else is taken at once, after what came before it. */
const OFTEN = new Set(["turn", "measures", "hint", "trigger", "alert", "queues", "inbox_message", "inbox_thread", "inbox_typing"]);
const NOTICE_MS = 8000;

export const account = signal<Account>("unknown");
export const link = signal<Link>("connecting");
export const desk = signal(EMPTY);
export const draft = signal<Draft>(NO_DRAFT);
export const saving = signal<Saving>("saved");
/** One line about what just went wrong; it goes by itself. */
export const notice = signal("");
/** Moves once a second: everything that counts reads it. */
export const tick = signal(0);
/** Server seconds of the last advice that was put away. */
export const hintSeen = signal(0);
/** What is open above the bar: one thing at a time. */
export type Panel = "" | "keys" | "transfer" | "dial" | "quality" | "more" | "settings" | "help";
export const panel = signal<Panel>("");
export const pressed = signal("");

export const microphone = new Microphone();
export const phone = new Phone(microphone);
export const ringer = new Ringer();
const serverClock = new ServerClock();
const drawing = new Gathered(DRAW_MS, take);
let came: ServerMessage[] = [];
let socket: Socket | null = null;
let notedId = "";
let noteTimer: ReturnType<typeof setTimeout> | undefined;
let noticeTimer: ReturnType<typeof setTimeout> | undefined;
let shownId = "";
let alert: Notification | null = null;

/** Server seconds; reading it in a component makes that component count along. */
export function now(): number {
  void tick.value;
  return serverClock.now();
}

const contactId = computed(() => desk.value.contact?.id ?? "");
export const ringing = computed(() => desk.value.ring !== null && desk.value.ring.contact_id === contactId.value);
export const talking = computed(() => {
  const phase = desk.value.contact?.phase;
  return phase === "connected" || phase === "held" || phase === "connecting";
});
export const callerName = computed(() => nameOf(desk.value.contact));

export function nameOf(contact: Contact | null): string {
  if (contact === null) return "";
  return contact.profile.name || contact.caller.name || contact.caller.number || t("who.unknown");
}

/** Begin: ask who is signed in, then open the socket. */
export async function begin(): Promise<void> {
  const who = await me();
  if (who === "no") account.value = "signed_out";
  else if (who !== "unknown" && !placesFor(who.roles).some((place) => place.name === "desk")) account.value = "not_allowed";
  else if (who === "unknown" || who.limited === "") enter(); // else `Nav` leads to /account
}

/** The account is good: open the desk. */
export function enter(): void {
  account.value = "signed_in";
  socket?.close();
  serverClock.reset();
  came = [];
  desk.value = EMPTY;
  socket = new Socket({
    url: socketUrl("/ws/desk"),
    resume: true,
    onMessage: receive,
    onStatus: follow,
    mayRetry: async () => (await signedIn()) !== "no",
  });
  socket.open();
}

export async function leave(): Promise<void> {
  await socket?.request("set_state", { state: "offline", reason: "" }).catch(() => undefined);
  socket?.close();
  phone.hangUp();
  microphone.close();
  desk.value = EMPTY;
  await logout();
  account.value = "signed_out";
}

function follow(status: SocketStatus, close?: { code: number; reason: string }): void {
  if (status === "open") {
    serverClock.reset();
    if (desk.value.ready) sendNote();
  }
  if (status === "closed" && close !== undefined) {
    if (close.code === SIGNED_OUT) account.value = "signed_out";
    else if (close.code === NO_AGENT) account.value = "not_allowed";
    else link.value = "replaced";
    quieten();
    return;
  }
  if (status === "connecting" && link.value === "lost") return;
  link.value = status;
}

/** Another tab has the desk: this one lets go of call and bell. */
function quieten(): void {
  phone.hangUp();
  ringer.stop();
  desk.value = { ...desk.value, ring: null };
}

function receive(message: ServerMessage): void {
  if (message.at !== undefined) serverClock.hear(message.at);
  if (message.type === "replaced") {
    socket?.close();
    link.value = "replaced";
    quieten();
    return;
  }
  came.push(message);
  if (OFTEN.has(message.type)) drawing.soon();
  else drawing.now();
}

/** What came since the last picture, in its order. */
function take(): void {
  const messages = came;
  came = [];
  if (messages.length === 0) return;
  desk.value = messages.reduce(reduce, desk.peek());
  batch(() => messages.forEach(follows));
}

/** What else follows from a message that the desk has taken. */
function follows(message: ServerMessage): void {
  const data = message.data as Record<string, unknown>;
  if (message.type === "media_offer") void answer(String(data["leg_id"]), String(data["sdp"]));
  if (message.type === "snapshot") {
    sendNote();
    void sendOldNotes();
  }
  if (message.type === "ring") mark("ring", String(data["contact_id"]));
  for (const hear of listeners) hear(message);
}

async function answer(legId: string, sdp: string): Promise<void> {
  mark("media_offer", legId);
  try {
    const answered = await phone.answer(sdp, desk.value.settings.ice_servers);
    if (desk.value.media.leg_id !== legId) return;
    mark("media_answer", legId);
    await send("media_answer", { leg_id: legId, sdp: answered });
  } catch {
    say(t("error.media"));
  }
}

/** Ask the server; what goes wrong is said in the notice line. True where it said ok. */
async function send(type: string, data: unknown, most?: number): Promise<boolean> {
  const fault = await asked(type, data, most);
  if (fault !== "") say(fault);
  return fault === "";
}

/** Ask the server: "" where it said ok within `most` milliseconds, else what went wrong, in words. */
export async function asked(type: string, data: unknown, most?: number): Promise<string> {
  try {
    await request(type, data, most);
    return "";
  } catch (error) {
    const failure = error instanceof RequestError ? error : new RequestError("offline", "");
    return t(`error.${failure.kind}` as Key, { words: failure.words });
  }
}

/** Ask the server; rejects with RequestError. */
export async function request(type: string, data: unknown, most?: number): Promise<void> {
  if (socket === null) throw new RequestError("offline", "");
  await socket.request(type, data, most);
}

export function say(words: string): void {
  notice.value = words;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (notice.value = ""), NOTICE_MS);
}

export async function setState(state: AgentState, reason = ""): Promise<void> {
  if (state === "available") {
    void microphone.open();
    void allowNotifications();
  }
  await send("set_state", { state, reason });
}

/** What this house calls a reason for a break, in the language of the page. */
export function reasonName(name: string): string {
  return reasonIn(desk.value.settings.breaks, name);
}

export const extendWrapUp = (): Promise<boolean> => send("extend_wrap_up", {});
export const askWhy = (): Promise<boolean> => send("why_no_calls", {});

/** What happened without the agent's doing has been read. */
export function forgetTold(): void {
  desk.value = { ...desk.value, told: null };
}

/** Ask for something that is done to this contact. */
export const withContact = (type: string, data: object = {}, most?: number): Promise<boolean> =>
  send(type, { contact_id: contactId.value, ...data }, most);

export function accept(): void {
  if (!ringing.value) return;
  mark("accept", contactId.value);
  ringer.stop();
  void microphone.open();
  void withContact("accept");
}

export function decline(): void {
  if (ringing.value) void withContact("decline");
}

export function putAway(alert: Alert): void {
  desk.value = { ...desk.value, alerts: desk.value.alerts.filter((one) => one !== alert) };
}

export const hold = (): Promise<boolean> => withContact(desk.value.contact?.phase === "held" ? "resume_call" : "hold");
export const hangUp = (): Promise<boolean> => withContact("hang_up");

export function press(digit: string): void {
  pressed.value = (pressed.value + digit).slice(-24);
  void withContact("dtmf", { digits: digit });
}

export function typeNote(note: string): void {
  draft.value = { ...draft.value, note, saved: false };
  notedId = contactId.value;
  keep();
  saving.value = link.value === "open" ? "saving" : "local";
  clearTimeout(noteTimer);
  noteTimer = setTimeout(sendNote, NOTE_MS);
}

export function choose(disposition: string): void {
  draft.value = { ...draft.value, disposition };
  keep();
}

/** When to follow up, as a field of day and time has it; "" for not at all. */
export function followUpAt(field: string): void {
  draft.value = { ...draft.value, follow_up: field };
  keep();
}

export async function finish(): Promise<void> {
  const id = contactId.value;
  clearTimeout(noteTimer);
  notedId = "";
  const { note, disposition, follow_up } = draft.value;
  const at = follow_up === "" ? "" : new Date(follow_up).toISOString();
  if (await withContact("wrap_up", { disposition, note, follow_up: at })) forgetDraft(id);
}

function keep(): void {
  if (contactId.value !== "") keepDraft(contactId.value, draft.value);
}

function sendNote(): void {
  clearTimeout(noteTimer);
  const id = notedId || contactId.value;
  const { note, saved } = draft.peek();
  if (saved || id === "") return;
  const request = socket?.request("note", { contact_id: id, text: note });
  saving.value = "saving";
  request?.then(
    () => {
      if (id !== contactId.value || draft.value.note !== note) return;
      draft.value = { ...draft.value, saved: true };
      saving.value = "saved";
      keep();
    },
    () => (saving.value = "local"),
  );
}

/** What was typed of calls before, and could not be sent then. Where the server does not want it, nothing more can be done. */
async function sendOldNotes(): Promise<void> {
  for (const { id, note } of unsentDrafts(contactId.peek())) {
    try {
      await socket?.request("note", { contact_id: id, text: note });
    } catch (error) {
      if (!(error instanceof RequestError) || error.kind !== "refused") return;
    }
    forgetDraft(id);
  }
}

/** A new contact: take up its draft, then tell the server when it is on the screen. */
function meet(id: string): void {
  // The wrap-up may run out in the middle of a word: what was typed still goes to the contact it was typed for.
  if (notedId !== "" && notedId !== id) sendNote();
  notedId = "";
  batch(() => {
    if (panel.peek() !== "settings" && panel.peek() !== "help") panel.value = "";
    pressed.value = "";
    hintSeen.value = 0;
    const contact = desk.peek().contact;
    // Not read back from `draft`: this runs in an effect, which would then start over with every letter typed.
    const kept = contact === null ? NO_DRAFT : mergeDraft(loadDraft(id), contact.note);
    draft.value = kept;
    saving.value = kept.saved ? "saved" : "local";
  });
}

function show(contact: Contact | null): void {
  if (contact === null || contact.phase !== "offered" || shownId === contact.id) return;
  shownId = contact.id;
  mark("contact", contact.id);
  void microphone.open();
  afterPaint(() => {
    mark("contact_shown", contact.id);
    void socket?.request("shown", { contact_id: contact.id }).catch(() => undefined);
  });
}

function ring(on: boolean): void {
  alert?.close();
  alert = null;
  if (!on) {
    ringer.stop();
    return;
  }
  ringer.start();
  mark("ring_sound", contactId.peek());
  alert = announce(t("ring.title", { name: callerName.peek() }), desk.peek().contact);
}

effect(() => meet(contactId.value));
effect(() => show(desk.value.contact));
effect(() => ring(ringing.value));
effect(() => {
  const active = talking.value;
  if (active) void microphone.open();
  else if (phone.state.peek() !== "idle") phone.hangUp();
});
effect(() => {
  if (desk.value.media.state === "closed") phone.hangUp();
});
effect(() => {
  document.title = ringing.value
    ? `● ${t("ring.title", { name: callerName.value })}`
    : `${t("desk.title")} · Hotline`;
});
// Who closes the page in the middle of a word has said it.
addEventListener("pagehide", sendNote);
setInterval(() => (tick.value += 1), 500);
