import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { speak } from "../src/i18n";
import { ContactPage, ReviewPage } from "../src/quality/Listening";
import { route } from "../src/quality/route";
import { second } from "../src/quality/seek";
import { act as doing, book, notice, who } from "../src/quality/store";
import { WorkList } from "../src/quality/Work";
import { EMPTY_BOOK, type Book } from "../src/desk/side/book";

const turn = (index: number, from: number, at: string) => ({ index, from, to: from + 1, at, recorded: true, speaker: "caller", text: "late fee", language: "en", medium: "speech", mood: "calm", confidence: 1, intent: "" });
const TURNS = [turn(0, 3.5, "2026-11-22T10:00:06Z"), turn(1, 23.9, "2026-11-22T10:00:26Z")];
const contact = { id: "c-1", started_at: 1, agent_id: "wangfang", agent_name: "王芳", caller_name: "Li", queue: "care", intent: "", talk_seconds: 20 };
const score = { score: null, raw: null, passed: null, fatal: [], covered: 0, open: [] };
const review = (state: string) => ({ id: "r-1", contact_id: "c-1", contact, card: "any", card_title: {}, evaluator: "anna", evaluator_name: "Anna", agent_id: "wangfang", agent_name: "王芳", state, score, answers: {}, comment: "", history: [], coaching: [], calibration: "", appeal: null, appeal_body: null, card_body: { name: "any", title: {}, pass: 80, sections: [] }, may: {}, rev: 1 });
const ANSWERS: Record<string, unknown> = {
  "contacts/c-1": { id: "c-1", channel: "sip", caller_number: "", caller_name: "Li", language: "zh", queue: "care", intent: null, tags: [], profile: {}, slots: {}, handover: {}, note: "", agent_disposition: "", started_at: "2026-11-22T10:00:00Z", turns: TURNS },
  "contacts/c-1/playback": { contact_id: "c-1", started_at: 1, seconds: 60, begins: null, recordings: [], peaks: null, turns: TURNS, marks: [] },
  "quality/contacts/c-1": { contact, card: "any", reviews: [], coaching: [], work: null },
  "quality/cards": { cards: [], problems: 2 },
  "quality/people": { agents: [{ id: "wangfang", name: "王芳" }], reviewers: [] },
  "quality/work": { work: [], counts: { open: 0, mine: 0, done_week: 0 } },
  "desk/contacts/c-1/past": { past: [{ id: "T-1", kind: "ticket", at: 1, title: "Fee", result: "open", agent: "wangfang" }] },
};

const drawn = async (node: Parameters<typeof render>[0]): Promise<void> => {
  await act(() => render(node, document.body));
};
const words = (id: string): (string | null)[] => [...document.querySelectorAll(`[data-testid="${id}"]`)].map((one) => one.textContent);

beforeEach(() => {
  who.value = { id: "anna", name: "Anna", roles: ["quality"] };
  book.value = { ...EMPTY_BOOK, scenes: [{ ...{ name: "quality", title: {}, procedure: "", lines: [], actions: [], tags: [] }, fits: { channel: [], queue: [], intent: [], tag: [], tier: [], language: [], mood: [], product: [], role: ["quality"] }, who: ["mood", "history"], do: [] }] } as unknown as Book;
  vi.stubGlobal("fetch", async (path: string) => {
    const found = ANSWERS[String(path).replace(/^.*?api\/v1\//, "").replace(/\?.*/, "")];
    return found === undefined ? Response.json({}, { status: 404 }) : Response.json(found);
  });
  speak("zh");
});
afterEach(() => {
  render(null, document.body);
  vi.unstubAllGlobals();
  vi.useRealTimers();
  notice.value = null;
  speak("en");
});

describe("a call that is judged", () => {
  it("begins with the turn that was found, and plays moods from where they are heard", async () => {
    route.value = { section: "contact", id: "c-1", query: new URLSearchParams("at=20&turn=1") };
    await drawn(h(ContactPage, {}));
    await vi.waitFor(() => expect([second.value, words("moment")]).toEqual([23.9, ["▸ 0:03"]]));
  });

  it("says how tickets of before stand, and whose they are, in words", async () => {
    route.value = { section: "contact", id: "c-1", query: new URLSearchParams() };
    await drawn(h(ContactPage, {}));
    await vi.waitFor(() => expect(words("past")).toEqual([expect.stringContaining("处理中 · 王芳")]));
  });

  it("is shown from the top of its card once it is published", async () => {
    const scrolled = vi.fn();
    HTMLElement.prototype.scrollIntoView = scrolled;
    route.value = { section: "review", id: "r-1", query: new URLSearchParams() };
    ANSWERS["quality/reviews/r-1"] = { ...review("draft"), may: { edit: true, publish: true } };
    ANSWERS["quality/reviews/r-1/publish"] = review("published");
    await drawn(h(ReviewPage, {}));
    const publish = await vi.waitFor(() => document.querySelector<HTMLElement>('[data-testid="publish"]') ?? Promise.reject(new Error("not drawn")));
    expect(scrolled).not.toHaveBeenCalled();
    await act(() => publish.click());
    await vi.waitFor(() => expect(scrolled.mock.contexts).toEqual([document.querySelector('[data-testid="scorecard"]')?.parentElement]));
  });
});

it("mistakes in the files of scorecards are told to those who judge by them", async () => {
  await drawn(h(WorkList, {}));
  await vi.waitFor(() => expect(words("card-problems")).toEqual([expect.stringContaining("2 处错误")]));
});

it("what went well is told for a while, what did not until it is closed", async () => {
  vi.useFakeTimers();
  await doing(Promise.resolve({}), "Published.");
  expect(notice.value?.words).toBe("Published.");
  vi.advanceTimersByTime(10_000);
  expect(notice.value).toBe(null);
  await doing(Promise.reject(new Error("away")), "");
  vi.advanceTimersByTime(10_000);
  expect(notice.value?.kind).toBe("danger");
});
