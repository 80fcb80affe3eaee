import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Contact, Turn } from "../src/desk/model";
import {
  beginning,
  EMPTY_BOOK,
  filledIn,
  fits,
  missing,
  PLAIN,
  recorded,
  saidAt,
  sceneOf,
  together,
  withMark,
  withRun,
  type Action,
  type Field,
  type Fits,
  type Run,
  type Scene,
} from "../src/desk/side/book";
import { sideEn, type SideKey } from "../src/i18n/desk-side-en";
import { sideZh } from "../src/i18n/desk-side-zh";

const nowhere: Fits = { channel: [], queue: [], intent: [], tag: [], tier: [], language: [], mood: [], product: [], role: [] };

function contact(changes: Partial<Contact> = {}): Contact {
  return {
    id: "c-1",
    phase: "connected",
    queue: "support",
    channel: "sip",
    caller: { number: "+49 30 1", name: "", authenticated: false },
    profile: { tier: "gold", products: ["Fibre 500M"] },
    handover: { mood: "angry", facts: { order: "100003" } },
    language: "zh-CN",
    intent: { name: "bill", confidence: 0.9 },
    slots: { amount: "238.60 元", month: 3 },
    tags: ["complaint"],
    needs: {},
    why: "",
    started_at: 0,
    queued_at: 0,
    answered_at: 10,
    held: false,
    note: "",
    turns: [],
    ...changes,
  };
}

const scene = (name: string, wanted: Partial<Fits>, changes: Partial<Scene> = {}): Scene => ({ ...PLAIN, name, fits: { ...nowhere, ...wanted }, ...changes });

function turn(speaker: Turn["speaker"], text: string, at: number, medium: Turn["medium"] = "speech"): Turn {
  return { at, speaker, text, language: "en", medium, confidence: null, state: "talk", intent: "" };
}

const field = (changes: Partial<Field>): Field => ({ name: "f", title: "", type: "text", choices: {}, default: "", required: true, least: null, most: null, ...changes });

describe("the scene of a contact", () => {
  const book = {
    ...EMPTY_BOOK,
    scenes: [
      scene("any", {}),
      scene("bill", { intent: ["bill"] }),
      scene("gold-bill", { intent: ["bill", "balance"], tier: ["gold"] }),
      scene("silver-bill", { intent: ["bill"], tier: ["silver"], language: ["zh"] }),
      scene("quality", { role: ["quality"], intent: ["bill"], tier: ["gold"] }),
    ],
  };

  it("is the one that names most of what it is", () => {
    expect(sceneOf(book, contact(), ["agent"]).name).toBe("gold-bill");
    expect(sceneOf(book, contact({ profile: {} }), []).name).toBe("bill");
    expect(sceneOf(book, contact({ intent: null }), []).name).toBe("any");
    expect(sceneOf(book, contact(), ["quality"]).name).toBe("quality");
  });

  it("is the plain page where no file says anything", () => {
    expect(sceneOf(EMPTY_BOOK, contact(), [])).toBe(PLAIN);
  });

  it("always has note and outcome", () => {
    const bare = { ...EMPTY_BOOK, scenes: [scene("a", {}, { who: ["caller"], do: ["cards"] })] };
    expect(sceneOf(bare, contact(), []).do).toEqual(["cards", "wrap_up"]);
  });

  it("fits by product, mood, language and tag", () => {
    const has = (wanted: Partial<Fits>): boolean => fits({ ...nowhere, ...wanted }, contact(), []);
    expect([has({ product: ["fibre"] }), has({ mood: ["angry"] }), has({ language: ["zh"] }), has({ tag: ["x", "complaint"] })]).toEqual([true, true, true, true]);
    expect([has({ product: ["mobile"] }), has({ mood: ["calm"] }), has({ queue: ["care"] }), has({ channel: ["message"] })]).toEqual([false, false, false, false]);
  });
});

describe("lines", () => {
  const line = { name: "r", text: "", said: { en: ["Call is recorded"], zh: ["会被录音"] }, within: 60 };

  it("are said by the agent alone, whatever stands between the words", () => {
    expect(saidAt(line, [turn("caller", "call is recorded", 1), turn("agent", "This CALL is, recorded.", 7)])).toBe(7);
    expect(saidAt(line, [turn("agent", "本次通话 会 被录音", 3)])).toBe(3);
    expect(saidAt(line, [turn("agent", "hello", 3)])).toBeNull();
    expect(saidAt({ ...line, said: { en: ["..."] } }, [turn("agent", "hello", 3)])).toBeNull();
  });
});

describe("actions", () => {
  it("begin with what is known", () => {
    expect(beginning(field({ default: "slots.amount", type: "number" }), contact())).toBe("238.60");
    expect(beginning(field({ default: "slots.month" }), contact())).toBe("3");
    expect(beginning(field({ default: "facts.order" }), contact())).toBe("100003");
    expect(beginning(field({ default: "caller.number" }), contact())).toBe("+49 30 1");
    expect(beginning(field({ default: "profile.email.first" }), contact())).toBe("");
    expect(beginning(field({ default: "profile.products" }), contact())).toBe("");
    expect(beginning(field({ default: "5" }), contact())).toBe("5");
    expect(beginning(field({ default: "slots.amount", type: "choice", choices: { late: "Late" } }), contact())).toBe("");
    expect(beginning(field({ default: "slots.amount", type: "date" }), contact())).toBe("");
  });

  it("say what is still missing", () => {
    const action: Action = {
      name: "a",
      title: "",
      hook: "h",
      confirm: "",
      roles: [],
      fields: [field({ name: "n", type: "number", least: 1, most: 9 }), field({ name: "o", required: false }), field({ name: "x", type: "flag" })],
    };
    expect(missing(action, {})).toEqual({ n: "empty" });
    expect(["x", "0", "10", "5"].map((n) => missing(action, { n })["n"])).toEqual(["number", "least", "most", undefined]);
  });

  it("ask with the values in their places", () => {
    expect(filledIn("Refund {amount} {unknown}?", { amount: "5" })).toBe("Refund 5 {unknown}?");
  });

  it("keep the newest state of a run, whichever way it came", () => {
    const run = (status: Run["status"], at: number): Run => ({ id: "r", action: "a", fields: {}, status, attempts: 1, reason: "", answer: {}, created_at: 0, updated_at: at });
    expect(withRun(withRun([], run("done", 2)), run("waiting", 1))).toEqual([run("done", 2)]);
    expect(withRun([run("waiting", 1)], run("done", 1))).toEqual([run("done", 1)]);
  });
});

it("a mark replaces the one before, and an empty one takes it away", () => {
  const first = withMark([], { kind: "card", name: "a", value: "opened" });
  expect(withMark(first, { kind: "card", name: "a", value: "useful" })).toEqual([{ kind: "card", name: "a", value: "useful" }]);
  expect(withMark(first, { kind: "card", name: "a", value: "" })).toEqual([]);
  expect(withMark(first, { kind: "step", name: "a", value: "done" })).toHaveLength(2);
});

it("a turn can be heard where it was recorded", () => {
  const during = [{ started_at: 10, seconds: 20 }];
  expect(recorded(turn("caller", "x", 15), during)).toBe(true);
  expect(recorded(turn("caller", "x", 15), [{ started_at: 10, seconds: null }])).toBe(true);
  expect([turn("caller", "x", 5), turn("caller", "x", 40), turn("caller", "1", 15, "keys"), turn("bot", "", 15)].map((one) => recorded(one, during))).toEqual([false, false, false, false]);
});

it("the customer file adds what our records do not have", () => {
  const past = [{ kind: "call", id: "c-0", at: 1000, title: "bill", result: "solved", agent: "emma", open: false }];
  const profile = { history: [{ at: 1010, topic: "bill", result: "solved" }, { at: 500, topic: "fault", result: "fixed" }, { at: null, topic: "plan", result: "" }] };
  expect(together(past, contact({ profile })).map((one) => [one.id, one.title])).toEqual([["c-0", "bill"], ["file-0", "fault"], ["file-1", "plan"]]);
});

describe("words", () => {
  const keys = Object.keys(sideEn) as SideKey[];
  const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

  it("are the same in both languages", () => {
    expect(Object.keys(sideZh).sort()).toEqual([...keys].sort());
    expect(keys.filter((key) => sideZh[key] === "" || holes(sideZh[key]).join() !== holes(sideEn[key]).join())).toEqual([]);
  });

  it("are there because something uses them", () => {
    const text = sources("src/desk").join("\n");
    const families = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? "");
    expect(keys.filter((key) => !text.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)))).toEqual([]);
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : [readFileSync(path, "utf8")];
  });
}
