import { effect, signal } from "@preact/signals";
import { logout } from "../net/api";
import type { ServerMessage } from "../net/envelope";
import { Socket, socketUrl, type SocketStatus } from "../net/socket";
import { ApiError, ask, signedOut, type Names, type Session } from "./api";
import { t } from "./words";

export type Account = "checking" | "signed_out" | "signed_in" | "not_allowed";

export const account = signal<Account>("checking");
export const session = signal<Session | null>(null);
export const link = signal<SocketStatus>("connecting");
export const names = signal<Names | null>(null);
/** One line for a person: what went wrong, or empty. */
export const notice = signal<{ words: string; kind: "attention" | "danger" | "good" } | null>(null);

type Listener = (type: string, data: Record<string, unknown>) => void;
const listeners = new Set<Listener>();

const socket = new Socket({
  url: socketUrl("/ws/admin"),
  resume: true,
  anew: true,
  onMessage: hear,
  onStatus: (status) => {
    link.value = status;
    if (status === "open") for (const listener of listeners) listener("open", {});
    if (status === "closed" && account.value === "signed_in") void begin();
  },
});

/** Hear what the server tells, and `open` whenever the connection is there again. Returns the end of it. */
export function onNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Ask for the live counts of one flow, "" for none. */
export function watch(flow: string): void {
  void socket.request("watch", { flow }).catch(() => undefined);
}

export async function begin(): Promise<void> {
  try {
    session.value = await ask<Session>("GET", "/session");
    account.value = "signed_in";
    socket.open();
    void readNames();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) account.value = "signed_out";
    else if (error instanceof ApiError && error.code === "unfinished") location.assign("/account");
    else if (error instanceof ApiError && error.status === 403) account.value = "not_allowed";
    else setTimeout(() => void begin(), 2000);
  }
}

export async function leave(): Promise<void> {
  await logout();
  socket.close();
  session.value = null;
  account.value = "signed_out";
}

/** Names that completion and hints know; kept where they cannot be read anew. */
export async function readNames(): Promise<void> {
  try {
    names.value = await ask<Names>("GET", "/names");
  } catch {
    // The editor works without: it completes what the text itself has.
  }
}

/** Say why a request came to nothing. */
export function complain(error: unknown): void {
  // The sign-in comes by itself, and says so.
  if (error instanceof ApiError && error.status === 401) return;
  notice.value = { words: wordsOf(error), kind: "danger" };
}

export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  if (error.code === "offline") return t("admin.offline");
  if (error.status === 401) return t("login.over");
  const place = error.place === null ? "" : `${error.place.file}:${error.place.line}: `;
  return [place + (error.message || t("admin.failed", { status: error.status })), error.cure].filter(Boolean).join(" · ");
}

export function mayWrite(): boolean {
  return session.value?.may_write ?? false;
}

function hear(message: ServerMessage): void {
  const data = message.data as Record<string, unknown>;
  for (const listener of listeners) listener(message.type, data);
  if (message.type === "configuration" || message.type === "prompt" || message.type === "published") void readNames();
}

signedOut.tell = () => {
  // Nothing typed is lost: drafts are kept on this machine, and the page stays as it is behind the sign-in.
  account.value = "signed_out";
};

effect(() => {
  document.title = t("admin.title");
});
