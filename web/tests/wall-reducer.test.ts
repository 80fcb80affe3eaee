import { describe, expect, it } from "vitest";
import { EMPTY, type Agent, type Alert, type WallState } from "../src/wall/model";
import { paced, reduceWall } from "../src/wall/reducer";

const say = (state: WallState, type: string, data: unknown, at = 1000): WallState => reduceWall(state, { type, data, at });
const queue = (name: string, waiting = 0): object => ({ name, waiting, longest_since: null, estimated_wait: null, since: [], offered: 0, talking: 0, within: 20 });
const agent = (id: string, state = "available"): Partial<Agent> => ({ id, name: id, state: state as Agent["state"] });
const alert = (id: string, more: Partial<Alert> = {}): Partial<Alert> => ({ id, severity: "attention", opened_at: 900, closed_at: null, acknowledged_at: null, ...more });
const board = say(EMPTY, "snapshot", {
  day: "2026-11-22",
  day_start: 0,
  queues: [queue("support", 1), queue("billing")],
  agents: [agent("bob"), agent("ann")],
  figures: { today: { "": { asa: 3 } } },
});

describe("a snapshot", () => {
  it("is the whole picture, in order, and lacks nothing", () => {
    expect(board.ready).toBe(true);
    expect(board.queues.map((one) => one.name)).toEqual(["billing", "support"]);
    expect(board.agents.map((one) => one.id)).toEqual(["ann", "bob"]);
    expect([board.calls, board.trunks, board.alerts, board.settings.formulas, board.figures.now]).toEqual([[], [], [], [], {}]);
  });

  it("replaces everything that was there", () => {
    const again = say(say(board, "point", { second: 900, figures: {} }), "snapshot", { queues: [queue("vip")] });
    expect(again.queues.map((one) => one.name)).toEqual(["vip"]);
    expect([again.agents, again.points]).toEqual([[], []]);
  });
});

describe("rows", () => {
  it("replace the row of the same key and leave the others the same objects", () => {
    const next = say(board, "queues", { queues: [queue("support", 4)], gone: [] });
    expect(next.queues.map((one) => one.waiting)).toEqual([0, 4]);
    expect(next.queues[0]).toBe(board.queues[0]);
  });

  it("come and go in their place", () => {
    const next = say(board, "agents", { agents: [agent("aaa")], gone: ["bob"] });
    expect(next.agents.map((one) => one.id)).toEqual(["aaa", "ann"]);
    expect(say(next, "agents", { gone: ["nobody"] }).agents).toHaveLength(2);
  });

  it.each(["calls", "trunks", "nodes"])("%s are kept the same way", (kind) => {
    const next = say(board, kind, { [kind]: [{ id: "x", name: "x" }] });
    expect(next[kind as "calls"]).toHaveLength(1);
    expect(say(next, kind, { gone: ["x"] })[kind as "calls"]).toEqual([]);
  });
});

describe("a storm", () => {
  const board = (states: Record<string, string>): WallState => ({ ...EMPTY, agents: Object.entries(states).map(([id, state]) => agent(id, state) as Agent) });
  const drawn = board({ anna: "available", emil: "available", gus: "available" });
  const next = board({ anna: "break", emil: "in_call", gus: "wrap_up" });
  const states = (state: WallState): string[] => state.agents.map((one) => one.state);

  it("is drawn some agents at a time, who waited longest first", () => {
    const late = new Set(["gus", "anna", "emil"]);
    const first = paced(drawn, next, late, 2);
    expect(states(first)).toEqual(["break", "available", "wrap_up"]);
    expect(first.agents[1]).toBe(drawn.agents[1]);
    expect([...late]).toEqual(["emil"]);
    expect(paced(first, next, late, 2)).toBe(next);
    expect(late.size).toBe(0);
  });

  it("is drawn whole where somebody came or went", () => {
    const late = new Set(["gus", "anna", "emil"]);
    const fewer = board({ anna: "break", gus: "wrap_up", hana: "available" });
    expect(paced(drawn, fewer, late, 2)).toBe(fewer);
    expect(late.size).toBe(0);
  });
});

describe("figures and the day", () => {
  it("are whole, with nothing left of before", () => {
    const next = say(board, "figures", { today: { support: { asa: 9 } } });
    expect(next.figures).toEqual({ today: { support: { asa: 9 } }, usual: {}, now: {} });
  });

  it("a point that is corrected takes its own place", () => {
    let next = say(board, "point", { second: 1800, figures: { "": { asa: 1 } } });
    next = say(next, "point", { second: 900, figures: { "": { asa: 2 } } });
    next = say(next, "point", { second: 1800, figures: { "": { asa: 5 } } });
    expect(next.points.map((one) => [one.second, one.figures[""]?.["asa"]])).toEqual([[900, 2], [1800, 5]]);
    expect(say(next, "day", { day: "2026-11-23", day_start: 86400 })).toMatchObject({ day: "2026-11-23", points: [] });
  });
});

describe("alerts", () => {
  it("stand with the gravest first, those that were seen behind, those that are over at the end", () => {
    const next = say(board, "alerts", {
      alerts: [alert("over", { closed_at: 990 }), alert("seen", { acknowledged_at: 950 }), alert("new"), alert("grave", { severity: "danger" })],
    });
    expect(next.alerts.map((one) => one.id)).toEqual(["grave", "new", "seen", "over"]);
  });

  it("the last word about one counts, and after an hour it is forgotten", () => {
    let next = say(board, "alerts", { alerts: [alert("a")] });
    next = say(next, "alerts", { alerts: [alert("a", { closed_at: 1000 })] });
    expect(next.alerts).toHaveLength(1);
    expect(say(next, "alerts", { alerts: [] }, 5000).alerts).toEqual([]);
  });
});

it("what it does not know changes nothing", () => {
  expect(say(board, "fireworks", { a: 1 })).toBe(board);
});

it("knows since when the server reads no queues, from a snapshot too", () => {
  expect(board.stale).toBeNull();
  const still = say(board, "stale", { since: 990 });
  expect([still.stale, say(still, "stale", { since: null }).stale]).toEqual([990, null]);
  expect(say(EMPTY, "snapshot", { stale: 990 }).stale).toBe(990);
});
