import { signal } from "@preact/signals";
import { language } from "../i18n";
import type { FileInfo } from "../inbox/model";
import { retryDelay } from "../net/backoff";
import { parseMessage } from "../net/envelope";
import { socketUrl } from "../net/socket";
import { nextIndex, reduceChat, SILENT, type ChatEvent, type ChatLine } from "./reducer";

export type ChatLink = "connecting" | "open" | "lost" | "busy";

interface Reply {
  id: string;
  ok: boolean;
  error?: string;
  token?: string;
  thread?: string;
  index?: number;
}

const TOKEN = "hotline.chat.token";
const PERSON = "hotline.chat.person";
const DRAFT = "hotline.chat.draft";
const PING_MS = 20_000;
const BUSY = 1013;
const TYPING_MS = 3000;

export const chat = signal(SILENT);
export const link = signal<ChatLink>("connecting");
export const person = signal<Record<string, string>>(stored(PERSON));
export const draft = signal(localStorage.getItem(DRAFT) ?? "");
export const tick = signal(0);

let ws: WebSocket | null = null;
let attempt = 0;
let typedAt = 0;
let retry: ReturnType<typeof setTimeout> | undefined;

function stored(key: string): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

function apply(event: ChatEvent): void {
  chat.value = reduceChat(chat.value, event, Date.now());
}

export function begin(): void {
  setInterval(() => {
    tick.value += 1;
    if (tick.value % (PING_MS / 1000) === 0) put("ping", {});
  }, 1000);
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  connect();
}

function connect(): void {
  clearTimeout(retry);
  retry = undefined;
  const socket = new WebSocket(socketUrl("/ws/chat"));
  ws = socket;
  socket.onopen = () => put("hello", { token: localStorage.getItem(TOKEN) ?? "", index: nextIndex(chat.value) });
  socket.onmessage = (event) => {
    if (ws === socket) receive(event.data);
  };
  socket.onclose = (event) => {
    if (ws !== socket) return;
    ws = null;
    link.value = event.code === BUSY ? "busy" : "lost";
    retry = setTimeout(connect, event.code === BUSY ? 30_000 : retryDelay(attempt++, Math.random()));
  };
}

const hurry = (): void => {
  if (retry === undefined || document.visibilityState === "hidden") return;
  attempt = 0;
  connect();
};

function receive(text: unknown): void {
  const message = parseMessage(text);
  if (message === null) return;
  if (message.type === "reply") {
    settle(message.data as Reply, message.at ?? 0);
    return;
  }
  apply(message);
  if (message.type === "welcome") {
    attempt = 0;
    link.value = "open";
    for (const one of chat.value.unsent) if (one.failed === null) post(one.key, one.text);
  }
}

function settle(reply: Reply, at: number): void {
  const line = chat.value.unsent.find((one) => one.key === reply.id);
  if (line === undefined) return;
  if (!reply.ok) {
    apply({ type: "refused", key: line.key, why: reply.error ?? "" });
    return;
  }
  if (reply.token !== undefined) localStorage.setItem(TOKEN, reply.token);
  const said: ChatLine = { index: reply.index ?? 0, at, direction: "in", text: line.text, name: "" };
  apply({ type: "taken", key: line.key, thread: reply.thread ?? "", line: said });
}

function put(type: string, data: object, id?: string): void {
  if (ws?.readyState === WebSocket.OPEN) ws.send(JSON.stringify({ ...(id === undefined ? {} : { id }), type, data }));
}

function post(key: string, text: string): void {
  put("say", { key, text, language: language.value, ...person.value }, key);
}

/** Send; without a connection it goes when there is one again. */
export function say(text: string): void {
  const key = crypto.randomUUID();
  type("");
  apply({ type: "wrote", key, text });
  post(key, text);
}

export function sayAgain(key: string, text: string): void {
  apply({ type: "wrote", key, text });
  post(key, text);
}

export function type(text: string): void {
  draft.value = text;
  if (text === "") localStorage.removeItem(DRAFT);
  else localStorage.setItem(DRAFT, text);
  if (text === "" || chat.value.thread === "" || Date.now() - typedAt < TYPING_MS) return;
  typedAt = Date.now();
  put("typing", {});
}

export function tell(field: string, value: string): void {
  person.value = { ...person.value, [field]: value };
  localStorage.setItem(PERSON, JSON.stringify(person.value));
}

/** Why the last file was not taken; "" for no reason to say. */
export const fileFault = signal("");

const bearer = (): Record<string, string> => ({ authorization: `Bearer ${localStorage.getItem(TOKEN) ?? ""}` });

/** Send a file; it comes back by the socket as a message. */
export async function sendFile(file: File): Promise<void> {
  const query = new URLSearchParams({ name: file.name.slice(0, 300), key: crypto.randomUUID() });
  fileFault.value = "";
  try {
    const response = await fetch(`/api/v1/chat/files?${query.toString()}`, { method: "POST", headers: bearer(), body: file });
    if (response.ok) return;
    const answer = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
    fileFault.value = answer.error?.message ?? file.name;
  } catch {
    fileFault.value = file.name;
  }
}

/** Save a file of the conversation to the visitor's disk. */
export async function save(file: FileInfo): Promise<void> {
  const response = await fetch(`/api/v1/chat/files/${encodeURIComponent(file.id)}`, { headers: bearer() }).catch(() => null);
  if (response === null || !response.ok) {
    fileFault.value = file.name;
    return;
  }
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const leave = (): void => put("leave", {});
