import { computed, signal } from "@preact/signals";
import { retryDelay } from "../../net/backoff";
import { ApiError, type Flow, type Problem } from "../api";
import { forgetLocal, keepLocal, loadLocal, opening } from "../text/drafts";
import { merge, unresolved } from "../text/merge";

/** What is kept where. `offline`: here, and sent as soon as somebody answers. */
export type Keeping = "kept" | "typing" | "saving" | "offline" | "stale" | "refused" | "conflict";

/** Somebody else saved meanwhile. */
export interface Stale {
  theirs: string;
  base: string;
  stamp: string;
  by: string;
  at: number;
}

export interface Saved {
  stamp: string;
  by: string;
  at: number;
  problems: Problem[];
}

export interface Store {
  read(): Promise<Flow>;
  save(text: string, stamp: string): Promise<Saved>;
}

const SAVE_MS = 1200;
const LOCAL_MS = 150;

/**
 * One text that is edited, by this page and maybe by others.
 *
 * What is typed is kept in the browser within 150 ms and on the server 1.2 s after the last key. A lost connection only delays the
 * second; a text that somebody else changed meanwhile stops it, until a person says which words count.
 */
export class Document {
  readonly text = signal("");
  readonly keeping = signal<Keeping>("kept");
  readonly stale = signal<Stale | null>(null);
  /** Typed in an earlier visit and brought back. */
  readonly restored = signal(false);
  readonly problem = signal<ApiError | null>(null);
  /** False where the browser has no room for what is typed. */
  readonly local = signal(true);
  readonly dirty = computed(() => this.keeping.value !== "kept");
  /** The text of the server that was last seen, and its name. */
  base = "";
  stamp = "";
  private saveTimer: ReturnType<typeof setTimeout> | undefined;
  private localTimer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private sending: Promise<void> | null = null;
  private closed = false;

  constructor(
    readonly id: string,
    private readonly store: Store,
    private readonly onReplaced: (text: string) => void = () => undefined,
    private readonly onSaved: (saved: Saved) => void = () => undefined,
  ) {}

  /** Begin with what the server has, and with what was typed here and never got there. */
  open(text: string, stamp: string): void {
    this.base = text;
    this.stamp = stamp;
    const found = opening(loadLocal(this.id), text, stamp);
    this.text.value = found.kind === "clean" ? text : found.draft.text;
    if (found.kind === "clean") {
      forgetLocal(this.id);
      this.keeping.value = "kept";
    } else if (found.kind === "restored") {
      this.restored.value = true;
      this.later(0);
    } else {
      this.restored.value = true;
      this.stale.value = { theirs: text, base: found.draft.base, stamp, by: "", at: 0 };
      this.base = found.draft.base;
      this.keeping.value = "stale";
    }
  }

  edit(text: string): void {
    if (text === this.text.value) return;
    this.text.value = text;
    clearTimeout(this.localTimer);
    this.localTimer = setTimeout(() => this.keepHere(), LOCAL_MS);
    if (this.stale.value !== null) return;
    this.keeping.value = "typing";
    this.later(SAVE_MS);
  }

  /** Keep at once; resolves when the server has what is typed, or when it says no. */
  async flush(): Promise<boolean> {
    this.keepHere();
    clearTimeout(this.saveTimer);
    while (this.sending !== null) await this.sending;
    if (this.keeping.value !== "kept" && this.stale.value === null) await this.send();
    return this.keeping.value === "kept";
  }

  /** The connection is there again. */
  reconnected(): void {
    if (this.keeping.value !== "offline") return;
    this.attempt = 0;
    this.later(0);
  }

  /** The server has another text than the one that this page began from. */
  async changedElsewhere(stamp: string): Promise<void> {
    if (stamp === this.stamp || this.sending !== null || this.stale.value !== null) return;
    const flow = await this.store.read();
    if (flow.stamp === this.stamp || this.sending !== null) return;
    if (this.keeping.value === "kept") {
      this.replace(flow.text, flow.stamp);
      return;
    }
    clearTimeout(this.saveTimer);
    this.stale.value = { theirs: flow.text, base: this.base, stamp: flow.stamp, by: flow.draft?.by ?? "", at: flow.draft?.at ?? 0 };
    this.keeping.value = "stale";
  }

  /** What a merge would give. */
  merged(labels: { mine: string; theirs: string }): { text: string; conflicts: number } {
    const stale = this.stale.value;
    if (stale === null) return { text: this.text.value, conflicts: 0 };
    return merge(stale.base, this.text.value, stale.theirs, labels);
  }

  /** Go on with `text` on top of theirs. */
  resolve(text: string): void {
    const stale = this.stale.value;
    if (stale === null) return;
    this.base = stale.theirs;
    this.stamp = stale.stamp;
    this.stale.value = null;
    this.text.value = text;
    this.onReplaced(text);
    this.keepHere();
    if (text === stale.theirs) this.settle();
    else {
      this.keeping.value = unresolved(text) ? "conflict" : "typing";
      this.later(SAVE_MS);
    }
  }

  /** Show another text, as the server has it. */
  replace(text: string, stamp: string): void {
    clearTimeout(this.saveTimer);
    this.base = text;
    this.stamp = stamp;
    this.text.value = text;
    this.stale.value = null;
    this.restored.value = false;
    this.settle();
    this.onReplaced(text);
  }

  close(): void {
    this.keepHere();
    this.closed = true;
    clearTimeout(this.saveTimer);
    clearTimeout(this.localTimer);
    if (this.keeping.value === "typing") void this.send();
  }

  keepHere(): void {
    clearTimeout(this.localTimer);
    if (this.text.value === this.base) forgetLocal(this.id);
    else this.local.value = keepLocal(this.id, { text: this.text.value, base: this.base, revision: this.stamp, at: Date.now() });
  }

  private later(milliseconds: number): void {
    clearTimeout(this.saveTimer);
    if (this.keeping.value === "kept") this.keeping.value = "typing";
    this.saveTimer = setTimeout(() => void this.send(), milliseconds);
  }

  private async send(): Promise<void> {
    if (this.sending !== null || this.stale.value !== null) return;
    const text = this.text.value;
    if (text === this.base) {
      this.settle();
      return;
    }
    this.keeping.value = "saving";
    this.sending = this.deliver(text);
    await this.sending;
    this.sending = null;
    const waiting = this.keeping.value === "saving" || this.keeping.value === "typing";
    if (waiting && this.text.value !== this.base) this.later(SAVE_MS);
  }

  private async deliver(text: string): Promise<void> {
    try {
      const saved = await this.store.save(text, this.stamp);
      this.stamp = saved.stamp;
      this.base = text;
      this.attempt = 0;
      this.problem.value = null;
      this.restored.value = false;
      this.onSaved(saved);
      if (this.text.value === text) this.settle();
      else this.keepHere();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    this.keepHere();
    if (error.code === "stale") {
      const more = error.more as { theirs?: string; base?: string | null; stamp?: string; by?: string; at?: number };
      const theirs = more.theirs ?? "";
      this.stale.value = { theirs, base: more.base ?? this.base, stamp: more.stamp ?? "", by: more.by ?? "", at: more.at ?? 0 };
      this.keeping.value = "stale";
    } else if (error.offline || error.status === 429 || error.status === 401) {
      this.keeping.value = "offline";
      if (!this.closed) this.saveTimer = setTimeout(() => void this.send(), 4 * retryDelay(this.attempt++, Math.random()));
    } else {
      this.problem.value = error;
      this.keeping.value = "refused";
    }
  }

  private settle(): void {
    this.keeping.value = "kept";
    forgetLocal(this.id);
  }
}
