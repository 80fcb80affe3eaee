import { signal, type ReadonlySignal } from "@preact/signals";
import { Refused } from "../net/ask";
import type { Change, Saved } from "./api";
import type { Answer, Review, Score } from "./model";

/** What the keeper needs of the world. */
export interface Outside {
  save(body: { rev: number; answers?: Record<string, Change>; comment?: string }, leaving: boolean): Promise<Saved>;
  load(): Promise<Review>;
  /** Kept in the tab until the server has it. */
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

export type Kept = "saved" | "typed" | "saving" | "offline" | "refused" | "over";

interface Pending {
  readonly answers: Readonly<Record<string, Change>>;
  readonly comment: string | null;
}

const AFTER_MS = 600;
const AGAIN_MS = 3000;
const NO_CHANGE: Pending = { answers: {}, comment: null };
const NOTHING: Answer = { value: null, comment: "", at: null, automatic: false, why: {} };

/**
 * A draft that is kept as it is written.
 *
 * What was changed goes out 600 ms later, one request at a time; without the server it is kept in the tab and tried again. Where another
 * tab wrote meanwhile, its answers are taken and the own changes put upon them.
 */
export class Draft {
  readonly answers = signal<Record<string, Answer>>({});
  readonly comment = signal("");
  readonly score = signal<Score>({ score: null, raw: null, passed: null, fatal: [], covered: 0, open: [] });
  private readonly state = signal<Kept>("saved");
  private pending: Pending = NO_CHANGE;
  /** On its way, and not yet known to be there. */
  private sent: Pending = NO_CHANGE;
  private rev: number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> | null = null;
  private closed = false;
  private dropped = false;

  constructor(
    readonly review: Review,
    private readonly outside: Outside,
  ) {
    this.rev = review.rev;
    this.take(review);
    const left = this.outside.storage.getItem(this.key);
    if (left === null) return;
    this.pending = pendingOf(left);
    this.put();
    this.later(0);
  }

  get kept(): ReadonlySignal<Kept> {
    return this.state;
  }

  /** Number of the last state that the server has. */
  get number(): number {
    return this.rev;
  }

  answer(question: string): Answer {
    return this.answers.value[question] ?? NOTHING;
  }

  change(question: string, change: Partial<Change>): void {
    const { value, comment, at } = this.answers.peek()[question] ?? NOTHING;
    this.pending = { ...this.pending, answers: { ...this.pending.answers, [question]: { value, comment, at, ...change } } };
    this.put();
    this.later(AFTER_MS);
  }

  say(comment: string): void {
    this.pending = { ...this.pending, comment };
    this.put();
    this.later(AFTER_MS);
  }

  /** Everything is on the server when this returns true. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    while (this.sending !== null) await this.sending;
    if (this.dirty) await this.send(false);
    return !this.dirty;
  }

  /** The page may be gone in a moment: what is not on the server yet goes out without waiting. */
  leave(): void {
    clearTimeout(this.timer);
    if (this.dirty && this.sending === null) void this.send(true);
  }

  /** Another part of the page comes: as `leave`, and what fails now waits in the tab for the next time the draft is opened. */
  close(): void {
    this.closed = true;
    this.leave();
  }

  /** The draft is no more: nothing of it goes out or stays. */
  drop(): void {
    this.dropped = true;
    clearTimeout(this.timer);
    this.pending = NO_CHANGE;
    this.outside.storage.removeItem(this.key);
  }

  private get key(): string {
    return `hotline.quality.${this.review.id}`;
  }

  private get dirty(): boolean {
    return this.pending.comment !== null || Object.keys(this.pending.answers).length > 0;
  }

  private take({ answers, comment, score }: Pick<Saved, "answers" | "comment" | "score">): void {
    this.answers.value = { ...answers };
    this.comment.value = comment;
    this.score.value = score;
  }

  /** What is pending stands on the page, over what the server said. */
  private put(): void {
    const changed = Object.entries(this.pending.answers).map(([name, change]) => [name, changedAnswer(this.answers.peek()[name], change)]);
    this.answers.value = { ...this.answers.peek(), ...(Object.fromEntries(changed) as Record<string, Answer>) };
    if (this.pending.comment !== null) this.comment.value = this.pending.comment;
    if (!this.dirty) return;
    this.outside.storage.setItem(this.key, JSON.stringify(both(this.sent, this.pending)));
    if (this.state.peek() === "saved") this.state.value = "typed";
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sending === null && this.dirty && void this.send(false), ms);
  }

  private async send(leaving: boolean): Promise<void> {
    this.sent = this.pending;
    this.pending = NO_CHANGE;
    this.state.value = "saving";
    this.sending = this.attempt(this.sent, leaving).finally(() => (this.sending = null));
    await this.sending;
    const kept = this.state.peek();
    if (!this.dirty || this.dropped) return;
    if (kept === "typed") this.later(this.closed ? 0 : AFTER_MS);
    if (kept === "offline" && !this.closed) this.later(AGAIN_MS);
  }

  private async attempt(sent: Pending, leaving: boolean): Promise<void> {
    const { answers, comment } = sent;
    const body = { rev: this.rev, ...(Object.keys(answers).length > 0 && { answers }), ...(comment !== null && { comment }) };
    try {
      const saved = await this.outside.save(body, leaving);
      this.sent = NO_CHANGE;
      this.rev = saved.rev;
      this.take(saved);
      this.settle();
    } catch (error) {
      if (this.dropped) return;
      this.pending = both(sent, this.pending);
      this.sent = NO_CHANGE;
      await this.recover(error instanceof Refused ? error : new Refused(0, "", ""));
    }
  }

  private settle(): void {
    this.state.value = this.dirty ? "typed" : "saved";
    if (this.dirty) this.put();
    else this.outside.storage.removeItem(this.key);
  }

  private async recover(error: Refused): Promise<void> {
    if (error.status !== 409) {
      // A refusal stays one however often it is sent; the next change tries again.
      this.state.value = error.status === 0 || error.status === 401 || error.status >= 500 ? "offline" : "refused";
      this.put();
      return;
    }
    try {
      const now = await this.outside.load();
      this.rev = now.rev;
      this.take(now);
      if (!now.may.edit) {
        this.pending = NO_CHANGE;
        this.outside.storage.removeItem(this.key);
        this.state.value = "over";
        return;
      }
      this.state.value = "typed";
    } catch {
      this.state.value = "offline";
    }
    this.put();
  }
}

function changedAnswer(before: Answer | undefined, { value, comment, at }: Change): Answer {
  const known = before ?? NOTHING;
  const same = known.value === value;
  return { value, comment: comment ?? known.comment, at: at === undefined ? known.at : at, automatic: known.automatic && same, why: same ? known.why : {} };
}

/** What was changed first, and what was changed later upon it. */
function both(first: Pending, later: Pending): Pending {
  return { answers: { ...first.answers, ...later.answers }, comment: later.comment ?? first.comment };
}

/** What the tab had kept; nothing where it is not readable. */
function pendingOf(text: string): Pending {
  try {
    const found = JSON.parse(text) as Partial<Pending> | null;
    return { answers: found?.answers ?? {}, comment: typeof found?.comment === "string" ? found.comment : null };
  } catch {
    return NO_CHANGE;
  }
}
