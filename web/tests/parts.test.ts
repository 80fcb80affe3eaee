import { afterEach, describe, expect, it, vi } from "vitest";
import { forgetDraft, keepDraft, loadDraft, mergeDraft, NO_DRAFT } from "../src/desk/draft";
import type { Contact, Turn } from "../src/desk/model";
import { afterPaint } from "../src/desk/painted";
import { timeline } from "../src/desk/timeline";
import { meterShare, rms, toneLevel } from "../src/media/level";
import { gradeOf } from "../src/media/quality";
import { retryDelay } from "../src/net/backoff";
import { ServerClock } from "../src/net/clock";
import { parseMessage } from "../src/net/envelope";
import { digitOf } from "../src/ui/KeyPad";

afterEach(() => {
  vi.useRealTimers();
  sessionStorage.clear();
});

const sine = (frequency: number, amplitude: number): Float32Array =>
  Float32Array.from({ length: 8192 }, (_, n) => amplitude * Math.sin((2 * Math.PI * frequency * n) / 48_000));

describe("levels", () => {
  it("a full-scale tone is 0 dB at its frequency and far below elsewhere", () => {
    expect(toneLevel(sine(440, 1), 440, 48_000)).toBeCloseTo(0, 0);
    expect(toneLevel(sine(440, 0.1), 440, 48_000)).toBeCloseTo(-20, 0);
    expect(toneLevel(sine(440, 1), 1000, 48_000)).toBeLessThan(-60);
  });

  it("silence is the floor", () => {
    expect(toneLevel(new Float32Array(512), 440, 48_000)).toBe(-120);
    expect(rms(new Float32Array(0))).toBe(0);
    expect(meterShare(0)).toBe(0);
  });

  it("rms of a sine is its amplitude over the root of two", () => {
    expect(rms(sine(440, 1))).toBeCloseTo(Math.SQRT1_2, 2);
    expect(meterShare(1)).toBe(1);
  });
});

describe("quality", () => {
  const counts = (received: number, lost: number, jitter = 0.005): { received: number; lost: number; jitter: number } => ({
    received,
    lost,
    jitter,
  });
  it.each([
    [counts(100, 0), "good"],
    [counts(97, 3), "fair"],
    [counts(100, 0, 0.04), "fair"],
    [counts(90, 10), "poor"],
    [counts(0, 0), "silent"],
  ] as const)("%o is %s", (now, grade) => {
    expect(gradeOf(counts(0, 0), now)).toBe(grade);
  });

  it("needs two readings", () => {
    expect(gradeOf(null, counts(5, 0))).toBe("unknown");
  });
});

describe("server clock", () => {
  it("takes the message that came quickest; replayed ones do not count", () => {
    let here = 100;
    const clock = new ServerClock(() => here);
    clock.hear(160);
    clock.hear(40);
    here = 110;
    expect(clock.now()).toBe(170);
    clock.reset();
    expect(clock.now()).toBe(110);
  });
});

it("retries grow up to 2.5 s and never bunch", () => {
  expect([0, 1, 2, 3, 4, 99].map((attempt) => retryDelay(attempt, 0))).toEqual([200, 400, 800, 1600, 2500, 2500]);
  expect(retryDelay(0, 1)).toBe(150);
});

describe("frames", () => {
  it.each(["", "{", "[]", "null", "7", '{"seq": 1}', undefined])("%o is not a message", (text) => {
    expect(parseMessage(text)).toBeNull();
  });

  it("keeps number, time and data", () => {
    expect(parseMessage('{"type": "a", "seq": 3, "at": 1.5, "data": [1]}')).toEqual({ type: "a", seq: 3, at: 1.5, data: [1] });
  });
});

describe("drafts", () => {
  it("survive a reload until the contact is finished", () => {
    const half = { note: "half a", disposition: "solved", follow_up: "2026-01-31T09:00", saved: false };
    keepDraft("c-1", half);
    expect(mergeDraft(loadDraft("c-1"), "server")).toEqual(half);
    forgetDraft("c-1");
    expect(mergeDraft(loadDraft("c-1"), "server").note).toBe("server");
  });

  it("that were saved give way to the server", () => {
    expect(mergeDraft({ ...NO_DRAFT, note: "old", disposition: "x" }, "new")).toMatchObject({ note: "new", disposition: "x" });
  });

  it("that are broken are none", () => {
    sessionStorage.setItem("hotline.draft.c-1", "{");
    expect(loadDraft("c-1")).toBeNull();
  });
});

describe("timeline", () => {
  const turns = [1, 3, 5].map((at) => ({ at }) as Turn);
  const kinds = (changes: Partial<Contact>): string[] =>
    timeline({ turns, handover: {}, queued_at: null, answered_at: null, ...changes } as Contact).map((row) => row.kind);

  it("puts queue and answer where they happened", () => {
    expect(kinds({ queued_at: 2, answered_at: 4 })).toEqual(["turn", "queued", "turn", "answered", "turn"]);
  });

  it("puts both at the end where nothing was said after", () => {
    expect(kinds({ queued_at: 8, answered_at: 9 })).toEqual(["turn", "turn", "turn", "queued", "answered"]);
  });

  it("tells the words of this agent from those of one who had the caller before", () => {
    const mine = (changes: Partial<Contact>): boolean[] =>
      timeline({ turns, handover: {}, queued_at: null, answered_at: 2, ...changes } as Contact).flatMap((row) => (row.kind === "turn" ? [row.mine] : []));
    expect(mine({})).toEqual([false, true, true]);
    expect(mine({ yours_since: 4 })).toEqual([false, false, true]);
    expect(mine({ yours_since: null })).toEqual([false, false, false]);
    expect(kinds({ answered_at: 2, yours_since: 4 })).toEqual(["turn", "turn", "answered", "turn"]);
  });
});

describe("after paint", () => {
  it("comes two frames on, once", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "cancelAnimationFrame"] });
    const then = vi.fn();
    afterPaint(then);
    expect(then).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(then).toHaveBeenCalledTimes(1);
  });

  it("comes without frames, as in a hidden tab", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const frames = vi.spyOn(globalThis, "requestAnimationFrame").mockReturnValue(0);
    const then = vi.fn();
    afterPaint(then);
    vi.advanceTimersByTime(300);
    expect(then).toHaveBeenCalledTimes(1);
    frames.mockRestore();
  });
});

describe("keys", () => {
  const key = (name: string, more: KeyboardEventInit = {}): KeyboardEvent => new KeyboardEvent("keydown", { key: name, ...more });
  it("digits, star and hash are keys of the pad", () => {
    expect(["0", "9", "*", "#", "a", "Enter"].map((name) => digitOf(key(name)))).toEqual(["0", "9", "*", "#", null, null]);
    expect(digitOf(key("1", { ctrlKey: true }))).toBeNull();
  });

  it("belong to the field while a person types", () => {
    const field = document.createElement("input");
    let digit: string | null = "unset";
    field.addEventListener("keydown", (event) => (digit = digitOf(event)));
    field.dispatchEvent(key("1"));
    expect(digit).toBeNull();
  });
});
