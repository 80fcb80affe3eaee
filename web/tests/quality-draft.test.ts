import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Refused } from "../src/net/ask";
import type { Change, Saved } from "../src/quality/api";
import { Draft, type Outside } from "../src/quality/draft";
import type { Answer, Review, Score } from "../src/quality/model";

const SCORE: Score = { score: 50, raw: 50, passed: false, fatal: [], covered: 0.5, open: ["b"] };
const answer = (value: Answer["value"], more: Partial<Answer> = {}): Answer => ({ value, comment: "", at: null, automatic: false, why: {}, ...more });

/** A server that keeps one draft. */
class Server implements Outside {
  rev = 1;
  answers: Record<string, Answer> = { a: answer("yes", { automatic: true, why: { en: "said at 0:02" } }) };
  comment = "";
  edit = true;
  fails: Refused[] = [];
  bodies: { rev: number; answers?: Record<string, Change>; comment?: string }[] = [];
  left: boolean[] = [];
  /** Answers come when this says so. */
  slow: Promise<void> = Promise.resolve();
  readonly kept = new Map<string, string>();
  readonly storage = {
    getItem: (key: string) => this.kept.get(key) ?? null,
    setItem: (key: string, text: string) => void this.kept.set(key, text),
    removeItem: (key: string) => void this.kept.delete(key),
  };

  review(): Review {
    return { id: "r-1", rev: this.rev, answers: { ...this.answers }, comment: this.comment, score: SCORE, may: { edit: this.edit } } as unknown as Review;
  }

  async save(body: (typeof this.bodies)[number], leaving: boolean): Promise<Saved> {
    await this.slow;
    const fault = this.fails.shift();
    if (fault !== undefined) throw fault;
    if (body.rev !== this.rev) throw new Refused(409, "conflict", "somebody was quicker");
    this.bodies.push(body);
    this.left.push(leaving);
    for (const [name, change] of Object.entries(body.answers ?? {})) this.answers = { ...this.answers, [name]: answer(change.value, { comment: change.comment ?? "", at: change.at ?? null }) };
    this.comment = body.comment ?? this.comment;
    this.rev += 1;
    return { rev: this.rev, answers: this.answers, comment: this.comment, score: { ...SCORE, score: 80 }, updated_at: 0 };
  }

  async load(): Promise<Review> {
    return this.review();
  }
}

let server: Server;
beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
});
afterEach(() => vi.useRealTimers());

it("sends what was changed once, a moment after the last change", async () => {
  const draft = new Draft(server.review(), server);
  draft.change("b", { value: 3 });
  draft.change("b", { comment: "calm" });
  expect([draft.answer("b").value, draft.kept.value]).toEqual([3, "typed"]);
  await vi.advanceTimersByTimeAsync(600);
  expect(server.bodies).toEqual([{ rev: 1, answers: { b: { value: 3, comment: "calm", at: null } } }]);
  expect([draft.kept.value, draft.score.value.score, draft.number, server.kept.size]).toEqual(["saved", 80, 2, 0]);
});

it("an automatic answer stays one until its value is changed", () => {
  const draft = new Draft(server.review(), server);
  draft.change("a", { comment: "heard it" });
  expect([draft.answer("a").automatic, draft.answer("a").why]).toEqual([true, { en: "said at 0:02" }]);
  draft.change("a", { value: "no" });
  expect([draft.answer("a").automatic, draft.answer("a").why]).toEqual([false, {}]);
});

it("keeps on without the server, and sends it when it is back", async () => {
  server.fails = [new Refused(0, "offline", ""), new Refused(503, "unavailable", "")];
  const draft = new Draft(server.review(), server);
  draft.change("b", { value: 4 });
  await vi.advanceTimersByTimeAsync(600);
  expect([draft.kept.value, draft.answer("b").value]).toEqual(["offline", 4]);
  expect([...server.kept.values()].join()).toContain('"value":4');
  draft.say("well done");
  await vi.advanceTimersByTimeAsync(10_000);
  expect([draft.kept.value, server.answers["b"]?.value, server.comment]).toEqual(["saved", 4, "well done"]);
});

it("what a tab had not sent is there again when the draft is opened again", async () => {
  server.fails = [new Refused(0, "offline", "")];
  const first = new Draft(server.review(), server);
  first.change("b", { value: 5 });
  await vi.advanceTimersByTimeAsync(600);
  first.close();
  const second = new Draft(server.review(), server);
  expect(second.answer("b").value).toBe(5);
  await vi.advanceTimersByTimeAsync(600);
  expect([server.answers["b"]?.value, second.kept.value]).toEqual([5, "saved"]);
});

it("takes another tab's answers, and puts its own upon them", async () => {
  const draft = new Draft(server.review(), server);
  server.rev = 7;
  server.answers = { ...server.answers, c: answer("no") };
  draft.change("b", { value: 2 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(server.bodies).toEqual([{ rev: 7, answers: { b: { value: 2, comment: "", at: null } } }]);
  expect([draft.answer("c").value, draft.answer("b").value, draft.kept.value]).toEqual(["no", 2, "saved"]);
});

it("says that it is no draft any more where another tab has published it", async () => {
  const draft = new Draft(server.review(), server);
  server.rev = 7;
  server.edit = false;
  draft.change("b", { value: 2 });
  await vi.advanceTimersByTimeAsync(2000);
  expect([draft.kept.value, server.bodies, server.kept.size]).toEqual(["over", [], 0]);
});

it("a refusal is said and not sent again and again", async () => {
  server.fails = [new Refused(400, "bad_request", "no such value")];
  const draft = new Draft(server.review(), server);
  draft.change("b", { value: 9 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([draft.kept.value, server.bodies]).toEqual(["refused", []]);
  draft.change("b", { value: 5 });
  await vi.advanceTimersByTimeAsync(600);
  expect([draft.kept.value, server.answers["b"]?.value]).toEqual(["saved", 5]);
});

it("flush waits for what is on its way, and for what came meanwhile", async () => {
  const draft = new Draft(server.review(), server);
  draft.change("b", { value: 1 });
  const first = draft.flush();
  draft.change("c", { value: "yes" });
  await first;
  expect(await draft.flush()).toBe(true);
  expect([server.answers["b"]?.value, server.answers["c"]?.value]).toEqual([1, "yes"]);
});

it("what is typed goes out when the page is left, once", async () => {
  const draft = new Draft(server.review(), server);
  draft.say("half a word");
  draft.leave();
  await vi.advanceTimersByTimeAsync(5000);
  expect([server.comment, server.left]).toEqual(["half a word", [true]]);
});

/** The server answers when the function is called. */
function waits(): () => void {
  let go = (): void => undefined;
  server.slow = new Promise((resolve) => (go = resolve));
  return go;
}

it("what is typed while the last was on its way goes out too, though another part of the page came", async () => {
  const draft = new Draft(server.review(), server);
  draft.change("b", { value: 3 });
  const answers = waits();
  await vi.advanceTimersByTimeAsync(600);
  draft.say("half a word");
  draft.close();
  answers();
  await vi.advanceTimersByTimeAsync(100);
  expect([server.answers["b"]?.value, server.comment, server.kept.size]).toEqual([3, "half a word", 0]);
});

it("the tab keeps what is on its way with what is typed meanwhile", async () => {
  const draft = new Draft(server.review(), server);
  draft.change("b", { value: 3 });
  waits();
  await vi.advanceTimersByTimeAsync(600);
  draft.say("half a word");
  server.slow = Promise.resolve();
  const again = new Draft(server.review(), server);
  expect([again.answer("b").value, again.comment.value]).toEqual([3, "half a word"]);
});

it("nothing of a draft that was given up stays, however late its last answer", async () => {
  const draft = new Draft(server.review(), server);
  draft.change("b", { value: 3 });
  const answers = waits();
  await vi.advanceTimersByTimeAsync(600);
  draft.drop();
  server.fails = [new Refused(404, "not_found", "")];
  answers();
  await vi.advanceTimersByTimeAsync(10_000);
  expect([server.kept.size, server.bodies]).toEqual([0, []]);
});

it("a kept draft that cannot be read is nothing", () => {
  server.kept.set("hotline.quality.r-1", "{oh");
  expect(new Draft(server.review(), server).answer("b").value).toBe(null);
});
