import { retryDelay } from "./backoff";
import { parseMessage, type Reply, type ServerMessage } from "./envelope";
import { everySecond } from "./heartbeat";

/** `lost`: trying again by itself. `closed`: ended on purpose, by either side. */
export type SocketStatus = "connecting" | "open" | "lost" | "closed";

export interface SocketOptions {
  url: string;
  /** Number the messages, resume after a loss and ping: the desk socket. Without it one loss is the end. */
  resume: boolean;
  /** With `resume`: comes back, but asks for nothing that was missed; numbers begin anew with each connection. */
  anew?: boolean;
  onMessage(message: ServerMessage): unknown;
  onStatus(status: SocketStatus, close?: { code: number; reason: string }): unknown;
  /** Asked after a failed attempt; false ends the trying (signed out). */
  mayRetry?(): Promise<boolean>;
}

/** A request that came to nothing: `words` for a person, or empty where the connection or the time ran out. */
export class RequestError extends Error {
  constructor(
    readonly kind: "refused" | "offline" | "timeout",
    readonly words: string,
  ) {
    super(words || kind);
  }
}

const PING_SECONDS = 1.5;
const SILENCE_SECONDS = 6;
const REQUEST_MS = 6000;
/** Closed for good, nothing to retry: another tab took this desk; the session is over. */
export const REPLACED = 4001;
export const SIGNED_OUT = 4401;
/** Closed for good: who signed in is none of the agents. */
export const NO_AGENT = 4404;

interface Waiting {
  resolve(): void;
  reject(error: RequestError): void;
  timer: ReturnType<typeof setTimeout>;
}

/** One WebSocket that comes back: no message lost, none handled twice. */
export class Socket {
  private ws: WebSocket | null = null;
  private seq = 0;
  private attempt = 0;
  private nextId = 1;
  private heardAt = 0;
  private pingedAt = 0;
  private gapAt = -1;
  private ended = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private stopHeart: (() => void) | undefined;
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly options: SocketOptions) {}

  open(): void {
    this.ended = false;
    if (this.options.resume) {
      this.stopHeart ??= everySecond(() => this.beat());
      addEventListener("online", this.hurry);
      document.addEventListener("visibilitychange", this.hurry);
    }
    this.connect();
  }

  close(): void {
    this.finish();
    this.ws?.close(1000);
    this.ws = null;
    this.options.onStatus("closed");
  }

  get isOpen(): boolean {
    return this.ws?.readyState === WebSocket.OPEN;
  }

  /** Send without waiting for an answer; false where there is no connection. */
  send(type: string, data: unknown): boolean {
    if (!this.isOpen) return false;
    this.ws!.send(JSON.stringify({ type, data }));
    return true;
  }

  /** Resolves when the server says ok within `most` milliseconds; rejects with RequestError. */
  request(type: string, data: unknown, most = REQUEST_MS): Promise<void> {
    if (!this.isOpen) return Promise.reject(new RequestError("offline", ""));
    const id = `c${this.nextId++}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new RequestError("timeout", ""));
      }, most);
      this.waiting.set(id, { resolve, reject, timer });
      this.ws!.send(JSON.stringify({ id, type, data }));
    });
  }

  private connect(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.options.onStatus("connecting");
    if (this.options.anew === true) this.seq = 0;
    const ws = new WebSocket(this.options.url);
    this.ws = ws;
    this.heardAt = Date.now();
    ws.onopen = () => {
      this.heardAt = Date.now();
      if (this.options.resume && this.options.anew !== true) this.send("resume", { seq: this.seq });
      this.options.onStatus("open");
    };
    ws.onmessage = (event) => {
      if (this.ws === ws) this.hear(event.data);
    };
    ws.onclose = (event) => {
      if (this.ws === ws) this.lose(event.code, event.reason);
    };
  }

  private hear(text: unknown): void {
    this.heardAt = Date.now();
    const message = parseMessage(text);
    if (message === null) return;
    this.attempt = 0;
    // A reply carries the number of the last event and takes none of its own.
    if (message.type === "reply") this.settle(message.data as Reply);
    else if (this.inOrder(message)) this.options.onMessage(message);
  }

  /** False for a message already handled, or after a hole: then the connection starts over from the last one. */
  private inOrder(message: ServerMessage): boolean {
    const seq = message.seq;
    if (!this.options.resume || seq === undefined) return true;
    if (message.type === "snapshot" || this.seq === 0) {
      this.seq = seq;
      return true;
    }
    if (seq <= this.seq) return false;
    if (seq > this.seq + 1 && this.gapAt !== this.seq) {
      this.gapAt = this.seq;
      this.restart();
      return false;
    }
    this.seq = seq;
    return true;
  }

  private settle(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    if (waiting === undefined) return;
    this.waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    if (reply.ok) waiting.resolve();
    else waiting.reject(new RequestError("refused", reply.error ?? ""));
  }

  private lose(code: number, reason: string): void {
    this.ws = null;
    this.failWaiting();
    if (this.ended) return;
    if (!this.options.resume || code === REPLACED || code === SIGNED_OUT || code === NO_AGENT) {
      this.finish();
      this.options.onStatus("closed", { code, reason });
      return;
    }
    this.options.onStatus("lost", { code, reason });
    void this.retryLater();
  }

  private async retryLater(): Promise<void> {
    const may = (await this.options.mayRetry?.()) ?? true;
    if (this.ended || this.ws !== null || this.retry !== undefined) return;
    if (!may) {
      this.finish();
      this.options.onStatus("closed", { code: SIGNED_OUT, reason: "signed out" });
      return;
    }
    this.retry = setTimeout(() => this.connect(), retryDelay(this.attempt++, Math.random()));
  }

  private beat(): void {
    const now = Date.now();
    if (this.isOpen && now - this.heardAt > SILENCE_SECONDS * 1000) {
      this.restart();
    } else if (this.isOpen && now - this.pingedAt >= PING_SECONDS * 1000) {
      this.pingedAt = now;
      this.request("ping", {}).catch(() => undefined);
    }
  }

  /** Leave the old connection without waiting for its close, which a dead network may hold back for a minute. */
  private restart(): void {
    const old = this.ws;
    this.lose(4000, "restart");
    if (old !== null) {
      old.onmessage = null;
      old.close(4000);
    }
  }

  private readonly hurry = (): void => {
    if (this.retry === undefined || document.visibilityState === "hidden") return;
    this.attempt = 0;
    this.connect();
  };

  private failWaiting(): void {
    for (const waiting of this.waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new RequestError("offline", ""));
    }
    this.waiting.clear();
  }

  private finish(): void {
    this.ended = true;
    clearTimeout(this.retry);
    this.retry = undefined;
    this.stopHeart?.();
    this.stopHeart = undefined;
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    this.failWaiting();
  }
}

/** The socket address beside this page: ws or wss as the page came. */
export function socketUrl(path: string): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}
