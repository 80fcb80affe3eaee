import { describe, expect, it } from "vitest";
import { advice, feeling, said, shares } from "../src/desk/insight";
import { EMPTY, type Contact, type DeskState, type Hint, type Talk, type Trigger, type Turn } from "../src/desk/model";
import { reduce } from "../src/desk/reducer";
import { timeline, type TurnLine } from "../src/desk/timeline";

const turn = (at: number, text: string, changes: Partial<Turn> = {}): Turn => ({
  at,
  speaker: "caller",
  text,
  language: "zh",
  medium: "speech",
  confidence: 0.9,
  state: "talk",
  intent: "",
  ...changes,
});
const key = (at: number, text: string): Turn => turn(at, text, { medium: "keys", confidence: null });
const hint = (at: number, name = "calm"): Hint => ({ at, name, kind: "calm", text: { zh: "先道歉", en: "Apologise" } });
const trigger = (at: number, index?: number, changes: Partial<Trigger> = {}): Trigger => ({
  at,
  name: "churn",
  kind: "churn",
  speaker: "caller",
  text: "换别家",
  ...(index === undefined ? {} : { turn: index }),
  ...changes,
});
const talk = (changes: Partial<Talk> = {}): Talk => ({
  seconds: 60,
  silence: 0.3,
  talk_over: 0.04,
  talk_overs: 2,
  caller: { seconds: 14, rate: 231, unit: "syllables" },
  agent: { seconds: 28, rate: null, unit: "words" },
  ...changes,
});
const state = (turns: Turn[], handover: Contact["handover"] = {}): DeskState =>
  reduce(EMPTY, { type: "contact", data: { id: "c-1", phase: "connected", queue: "q", queued_at: 15, answered_at: null, turns, handover } });
const tell = (before: DeskState, type: string, data: object): DeskState => reduce(before, { type, data: { contact_id: "c-1", ...data } });
const lines = (one: DeskState): TurnLine[] => timeline(one.contact!).filter((row) => row.kind === "turn");

describe("keys", () => {
  it("pressed in a row are one line", () => {
    const rows = lines(state([turn(1, "a"), key(2, "4"), key(3, "8"), key(4, "#"), turn(5, "b")]));
    expect(rows.map((row) => [row.index, row.keys || row.turn.text])).toEqual([
      [0, "a"],
      [1, "4 8 #"],
      [4, "b"],
    ]);
  });

  it("are parted by words and by the queue", () => {
    const rows = timeline(state([key(1, "1"), turn(2, "yes"), key(3, "2"), key(20, "3")]).contact!);
    expect(rows.map((row) => (row.kind === "turn" ? row.keys || row.turn.text : row.kind))).toEqual(["1", "yes", "2", "queued", "3"]);
  });

  it("leave the turns as they were, so that one more is drawn into its place", () => {
    const before = state([key(1, "1"), key(2, "2")]);
    lines(before);
    expect(before.contact?.turns.map((one) => one.text)).toEqual(["1", "2"]);
    expect(lines(tell(before, "turn", { index: 2, turn: key(3, "3") })).map((row) => row.keys)).toEqual(["1 2 3"]);
  });
});

describe("triggers", () => {
  it("stand at the turn that they were found in", () => {
    const rows = lines(state([turn(1, "a"), turn(2, "b")], { triggers: [trigger(2.5, 1), trigger(3)] }));
    expect(rows.map((row) => row.triggers.length)).toEqual([0, 1]);
  });

  it("come while two talk, and again with the number of their ticket", () => {
    const one = tell(state([turn(1, "a")]), "trigger", { trigger: trigger(2, 0) });
    const two = tell(one, "trigger", { trigger: trigger(2, 0, { task: "T-1" }) });
    expect(two.contact?.handover.triggers).toEqual([trigger(2, 0, { task: "T-1" })]);
    expect(reduce(one, { type: "trigger", data: { contact_id: "other", trigger: trigger(9) } })).toBe(one);
  });

  it("that people must see stay until they are put away, three at most", () => {
    let now = state([]);
    for (const at of [1, 2, 3, 4]) now = reduce(now, { type: "alert", data: { contact_id: "c-9", queue: "q", agent: "a", caller: "李", trigger: trigger(at) } });
    expect(now.alerts.map((one) => one.trigger.at)).toEqual([2, 3, 4]);
  });
});

describe("a turn with its private words taken out", () => {
  it("takes the place of the one that was there", () => {
    const before = state([turn(1, "my card is 4111 1111 1111 1111"), turn(2, "b")]);
    const after = tell(before, "turn", { index: 0, turn: turn(1, "my card is [card]") });
    expect(after.contact?.turns.map((one) => one.text)).toEqual(["my card is [card]", "b"]);
  });
});

describe("advice", () => {
  it("is the last that was not put away", () => {
    const now = tell(tell(state([]), "hint", { hint: hint(10) }), "hint", { hint: hint(20, "offer") });
    const { handover } = now.contact!;
    expect(advice(handover, 0)?.name).toBe("offer");
    expect(advice(handover, 20)).toBeNull();
    expect(advice({}, 0)).toBeNull();
  });

  it("keeps the last twenty", () => {
    let now = state([]);
    for (let at = 1; at <= 25; at += 1) now = tell(now, "hint", { hint: hint(at) });
    expect(now.contact?.handover.hints).toHaveLength(20);
    expect(now.contact?.handover.hints?.[0]?.at).toBe(6);
  });

  it("is said in the language of the page, or in the one there is", () => {
    expect(said({ zh: "好", en: "good" }, "en")).toBe("good");
    expect(said({ zh: "好" }, "en")).toBe("好");
    expect(said("plain", "zh")).toBe("plain");
    expect(said(undefined, "zh")).toBe("");
    expect(said({}, "zh")).toBe("");
  });
});

describe("mood", () => {
  it("has a word, steps, a trend and reasons", () => {
    const why = ["a"];
    expect(feeling({ mood: "angry", mood_level: 0.82, mood_trend: "rising", mood_why: why })).toEqual({ mood: "angry", steps: 4, trend: "rising", why });
    expect(feeling({ mood: "calm" })).toEqual({ mood: "calm", steps: 0, trend: "", why: [] });
  });

  it("that is not known is not shown", () => {
    expect(feeling({})).toBeNull();
    expect(feeling({ mood: "hungry" })).toBeNull();
    expect(feeling({ mood: "tense", mood_level: 7, mood_trend: "sideways" })).toMatchObject({ steps: 5, trend: "" });
  });
});

describe("measures", () => {
  it("come while two talk", () => {
    expect(tell(state([]), "measures", { talk: talk() }).contact?.handover.talk?.silence).toBe(0.3);
  });

  it("are parts of a hundred", () => {
    expect(shares(talk())).toEqual({ caller: 23, agent: 47, silence: 30, over: 4 });
    const parts = shares(talk({ silence: 0.335 }))!;
    expect(parts.caller + parts.agent + parts.silence).toBe(100);
  });

  it("of nothing are silence, and of no talk nothing", () => {
    const mute = { seconds: 0, rate: null, unit: "words" };
    expect(shares(talk({ caller: mute, agent: mute }))).toMatchObject({ caller: 0, agent: 0, silence: 100 });
    expect(shares(talk({ seconds: 0 }))).toBeNull();
    expect(shares(undefined)).toBeNull();
  });
});
