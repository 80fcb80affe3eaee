import { describe, expect, it } from "vitest";
import { age, alone, change, counted, longestSince, shown, sparks, waitingCalls, waitingIn, withNews, worth } from "../src/wall/figures";
import type { Agent, Call, Point, Queue } from "../src/wall/model";

describe("numbers", () => {
  it.each([
    [0.84, "share", "84 %"],
    [0.052, "share", "5.2 %"],
    [0, "share", "0 %"],
    [14.6, "seconds", "0:15"],
    [4.36, "score", "4.4"],
    [120.4, "count", "120"],
    [null, "share", "–"],
    [undefined, "count", "–"],
    [Number.NaN, "seconds", "–"],
  ] as const)("%s of a %s is %s", (value, unit, words) => {
    expect(shown(value, unit)).toBe(words);
  });

  it("differences say which way, and whether that is good", () => {
    expect(change("service_level", "share", 0.9, 0.7)).toEqual({ words: "+20", up: true, kind: "good" });
    expect(change("asa", "seconds", 40, 20)).toEqual({ words: "+0:20", up: true, kind: "attention" });
    expect(change("abandonment", "share", 0.03, 0.05)).toMatchObject({ words: "−2.0", kind: "good" });
  });

  it("small ones, and those of no direction, do not alarm", () => {
    expect(change("asa", "seconds", 21, 20)).toBeNull();
    expect(change("asa", "seconds", 103, 100)?.kind).toBe("calm");
    expect(change("aht", "seconds", 300, 200)?.kind).toBe("attention");
    expect(change("occupancy", "share", 0.9, 0.5)?.kind).toBe("calm");
    expect(change("csat", "score", null, 4)).toBeNull();
    expect(change("csat", "score", 4, undefined)).toBeNull();
  });
});

describe("who waits", () => {
  const queues = [
    { name: "a", waiting: 2, longest_since: 90 },
    { name: "b", waiting: 0, longest_since: null },
    { name: "c", waiting: 1, longest_since: 50 },
  ] as Queue[];

  it("ages by the limit of the queue", () => {
    expect([20, 21, 41, 81].map((seconds) => age(seconds, 20))).toEqual(["good", "waiting", "attention", "danger"]);
    expect(age(5, 0)).toBe("good");
  });

  it("is counted over all queues or in one", () => {
    expect([waitingIn(queues, ""), waitingIn(queues, "a"), waitingIn(queues, "b")]).toEqual([3, 2, 0]);
    expect([longestSince(queues, ""), longestSince(queues, "a"), longestSince(queues, "b")]).toEqual([50, 90, null]);
  });

  it("is found among the calls, the longest first", () => {
    const call = (id: string, phase: string, queue: string, queued_at: number): Call => ({ id, phase, queue, queued_at, started_at: 0 }) as Call;
    const calls = [call("x", "waiting", "a", 9), call("y", "offered", "a", 4), call("z", "connected", "a", 1), call("w", "waiting", "b", 2)];
    expect(waitingCalls(calls, "a").map((one) => one.id)).toEqual(["y", "x"]);
  });
});

it("agents are counted by what they do", () => {
  const agents = ["available", "reserved", "in_call", "wrap_up", "break", "offline", "in_call"].map((state) => ({ state }) as Agent);
  agents.push({ state: "break", breathing: true } as Agent);
  expect(counted(agents)).toEqual({ free: 1, talking: 3, wrap_up: 1, break: 1, breathing: 1, offline: 1 });
});

it("calls that somebody should look at come first", () => {
  const call = (id: string, more: Partial<Call>): Call => ({ id, mood: "calm", mood_level: 0, mood_trend: "steady", quiet_since: null, started_at: 10, ...more }) as Call;
  const calls = [call("old", { started_at: 1 }), call("quiet", { quiet_since: 50 }), call("tense", { mood: "tense", mood_trend: "rising" }), call("angry", { mood: "angry" }), call("pause", { quiet_since: 95 })];
  expect(worth(calls, 100).map((one) => one.id)).toEqual(["angry", "tense", "quiet", "old", "pause"]);
});

describe("lines", () => {
  const points = (...values: (number | null)[]): Point[] => values.map((asa, index) => ({ second: index * 900, asa }));

  it("share one scale, have gaps where nothing happened, a dash for a lone value, and an end", () => {
    const [line, ghost] = sparks(points(0, 10, null, 5), points(20), "asa", 90, 22);
    expect(line.path).toBe("M0 21L30 11M89 16h2");
    expect(line.end).toEqual([90, 16]);
    expect(ghost.path).toBe("M-1 1h2");
  });

  it("are not drawn of a single value, and flat ones lie in the middle", () => {
    expect(sparks(points(3), [], "asa", 90, 22)[0].path).toBe("");
    expect(sparks(points(3, 3), [], "asa", 90, 22)[0].path).toBe("M0 11L90 11");
  });

  it("take in what came after the history was read", () => {
    const read = points(1, 2);
    const found = withNews(read, [{ second: 900, figures: { a: { asa: 7 }, b: { asa: 8 } } }, { second: 1800, figures: { a: { asa: 9 } } }], "a");
    expect(found.map((one) => one["asa"])).toEqual([1, 7, 9]);
    expect(withNews(read, [{ second: 1800, figures: {} }], "a")).toHaveLength(2);
  });
});

it("a value without neighbours is a dot, at the ends too", () => {
  expect(alone([1, null, 2, 3, null, 4, undefined, 5])).toEqual([0, 5, 7]);
  expect(alone([null, 1, 1, null])).toEqual([]);
});
