import { describe, expect, it } from "vitest";
import type { LogEntry, Prompt, Schema } from "../src/admin/api";
import { json, lastState, request, FRESH } from "../src/admin/flow/conversation";
import { busiest, gaveUp } from "../src/admin/flow/live";
import { fresh, kindOf, mergeValues, renamed, resolve, toYaml, valueAt, withValue, wordsOf } from "../src/admin/forms/model";
import { shape } from "../src/admin/forms/shapes";
import { chosen } from "../src/admin/prompts/PromptsPage";
import { cut, decibels, peaks, speech, wav } from "../src/admin/prompts/samples";
import { href, parse } from "../src/admin/route";

describe("values of forms", () => {
  const value = { support: { ring: "20s" }, care: { ring: "30s" } };

  it("are changed by path, and nothing else is", () => {
    expect(withValue(value, ["support", "ring"], "5s")).toEqual({ support: { ring: "5s" }, care: { ring: "30s" } });
    expect(withValue(value, ["care"], undefined)).toEqual({ support: { ring: "20s" } });
    expect(withValue([1, 2, 3], ["1"], undefined)).toEqual([1, 3]);
    expect(valueAt(value, ["care", "ring"])).toBe("30s");
    expect(Object.keys(renamed(value, [], "support", "help") as object)).toEqual(["help", "care"]);
    expect(value.support.ring).toBe("20s");
  });

  it("of two people are brought together", () => {
    const mine = withValue(value, ["support", "ring"], "5s");
    const theirs = withValue(value, ["sales"], { ring: "1s" });
    expect(mergeValues(value, mine, theirs)).toEqual({ value: { support: { ring: "5s" }, care: { ring: "30s" }, sales: { ring: "1s" } }, conflicts: [] });
    expect(mergeValues(value, mine, withValue(value, ["support", "ring"], "9s")).conflicts).toEqual([["support", "ring"]]);
  });

  it("of lists are matched by their id", () => {
    const base = [{ id: "a", level: 1 }, { id: "b", level: 1 }];
    const merged = mergeValues(base, [{ id: "a", level: 2 }, { id: "b", level: 1 }], [{ id: "a", level: 1 }, { id: "b", level: 3 }]);
    expect(merged).toEqual({ value: [{ id: "a", level: 2 }, { id: "b", level: 3 }], conflicts: [] });
  });

  it("are written as YAML that reads as they are", () => {
    expect(toYaml({ queues: { support: { ring: "20s", note: "yes: no", number: "007", none: [] } } })).toBe(
      'queues:\n  support:\n    ring: 20s\n    note: "yes: no"\n    number: "007"\n    none: []\n',
    );
    expect(toYaml([{ id: "a", skills: { x: 1 } }])).toBe("- id: a\n  skills:\n    x: 1\n");
  });

  it("that are not said are shown as what counts, so that choosing another one takes none away", () => {
    const roles: Schema = { type: "array", items: { enum: ["agent", "supervisor"] }, default: ["agent"] };
    expect(wordsOf(undefined, roles)).toEqual(["agent"]);
    expect(wordsOf([], roles)).toEqual([]);
    expect(wordsOf(["supervisor"], roles)).toEqual(["supervisor"]);
  });

  it("get the field that fits their schema", () => {
    const root: Schema = { $defs: { ring: { type: "string", format: "duration" } } };
    expect(kindOf(resolve({ $ref: "#/$defs/ring" }, root), "20s")).toBe("duration");
    expect(kindOf({ type: ["integer", "null"] }, 3)).toBe("number");
    expect(kindOf({ type: "array", items: { type: "string" } }, [])).toBe("words");
    expect(kindOf({ type: "object", additionalProperties: { type: "object" } }, {})).toBe("map");
    expect(kindOf({ anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] }, ["a"])).toBe("words");
    expect(fresh({ type: "object", properties: { id: { type: "string" } }, required: ["id"] }, {})).toEqual({ id: "" });
  });
});

describe("parts that the server leaves open", () => {
  const open: Schema = { type: "object", additionalProperties: {} };

  it("have fields all the same", () => {
    const flag = resolve(shape("flags", open, null).additionalProperties as Schema, open);
    expect(kindOf(flag, true)).toBe("yesno");
    expect(kindOf(flag, { percent: 30 })).toBe("group");
    const calendar = shape("hours", open, null).additionalProperties as Schema;
    expect(fresh(calendar, open)).toEqual({ open: {} });
    const spans = (calendar.properties?.["open"]?.additionalProperties ?? {}) as Schema;
    expect([kindOf(spans, "00:00-24:00"), kindOf(spans, ["09:00-12:00"])]).toEqual(["text", "words"]);
  });

  it("are the server's where it says something", () => {
    const said: Schema = { type: "object", additionalProperties: { type: "string" } };
    expect(shape("hours", said, null)).toBe(said);
    const agents: Schema = { type: "array", items: { type: "object", properties: { roles: { type: "array", items: { type: "string" } } } } };
    expect(shape("agents", agents, null).items?.properties?.["roles"]?.items?.enum).toContain("admin");
  });
});

describe("what a conversation begins with", () => {
  it("takes JSON, or the lax way people write it", () => {
    expect(json('{"tier": "gold"}')).toEqual({ tier: "gold" });
    expect(json("name: 李强, tier: gold\nage: 3")).toEqual({ name: "李强", tier: "gold", age: 3 });
    expect(() => json("{broken")).toThrow();
  });

  it("is put as the server wants it", () => {
    const given = { ...FRESH, language: "zh", at: "2026-01-31T14:00", lookups: [{ call: "billing.balance", outcome: "found", result: '{"amount": 1}', delay: 0.2 }] };
    expect(request("demo", "text", given, ["zh", "en"])).toEqual({
      flow: "demo", text: "text", language: "zh", at: "2026-01-31T14:00:00", asr: ["zh", "en"],
      caller: { number: "+8613800138000", name: "", channel: "sip" },
      lookups: { "billing.balance": { outcome: "found", result: { amount: 1 }, delay: 0.2 } },
    });
  });
});

describe("a conversation with a sub-flow", () => {
  it("stands in the state that calls it, whatever the states of the sub-flow are called", () => {
    const state = (flow: string, name: string): LogEntry => ({ at: 0, kind: "state", text: name, flow, state: name, line: 1, column: 1 });
    const log = [state("shop", "arrive"), state("choose_language", "welcome")];
    expect(lastState(log, "shop")).toBe("arrive");
    expect(lastState([...log, state("shop", "main")], "shop")).toBe("main");
    expect(lastState([], "shop")).toBe("");
  });
});

describe("sound", () => {
  const samples = new Float32Array(16000);
  samples.fill(0.5, 4000, 8000);

  it("is drawn by its peaks, found in silence, and cut", () => {
    expect(peaks(samples, 4)).toEqual([0, 0.5, 0, 0]);
    const { from, to } = speech(samples, 16000);
    expect(from).toBeCloseTo(0.15);
    expect(to).toBeCloseTo(0.6, 2);
    expect(cut(samples, 0.25, 0.5).length).toBe(4000);
    expect(decibels(cut(samples, 0.25, 0.5))).toBeCloseTo(-6.02, 1);
    expect(speech(new Float32Array(100), 16000)).toEqual({ from: 0, to: 1 });
  });

  it("is a WAV of 16 bits", async () => {
    const view = new DataView(await wav(new Float32Array([0, 1, -1]), 8000).arrayBuffer());
    expect(view.byteLength).toBe(50);
    expect(view.getUint32(24, true)).toBe(8000);
    expect([view.getInt16(44, true), view.getInt16(46, true), view.getInt16(48, true)]).toEqual([0, 32767, -32767]);
  });
});

describe("lists", () => {
  const prompt = (name: string, more: Partial<Prompt> = {}): Prompt => ({ name, texts: { zh: "您好" }, missing: [], used_by: [], recordings: {}, ...more });

  it("of prompts are filtered", () => {
    const all = [prompt("hello", { missing: ["en"] }), prompt("bye", { texts: { en: "Goodbye" }, used_by: [{ flow: "a", file: "a", state: "b", line: 1, column: 1 }] })];
    expect(chosen(all, "missing", "").map((one) => one.name)).toEqual(["hello"]);
    expect(chosen(all, "unused", "").map((one) => one.name)).toEqual(["hello"]);
    expect(chosen(all, "all", "goodb").map((one) => one.name)).toEqual(["bye"]);
  });

  it("of what callers do today are summed", () => {
    const counts = { flow: "a", at: 0, day: "", calls: { now: 0, today: 0 }, now: {}, entered: {}, edges: { a: 100, b: 50, c: 9, d: 0 }, gave_up: { main: { hangup: 2, no_input: 1 } }, hours: [] };
    expect(gaveUp(counts, "main")).toBe(3);
    expect(gaveUp(counts, "other")).toBe(0);
    expect(busiest(counts)).toEqual(["a", "b"]);
  });
});

describe("addresses", () => {
  it("go there and back", () => {
    expect(href("flows", ["a/b"], { line: 4 })).toBe("#/flows/a%2Fb?line=4");
    const found = parse("#/flows/a%2Fb?line=4");
    expect([found.section, found.rest, found.query.get("line")]).toEqual(["flows", ["a/b"], "4"]);
    expect(parse("").section).toBe("flows");
    expect(parse("#/%E0%A4%A").section).toBe("%E0%A4%A");
  });
});
