import { describe, expect, it } from "vitest";
import type { Names, Schema } from "../src/admin/api";
import { noteSteps, offers } from "../src/admin/editor/complete";
import { contextAt } from "../src/admin/editor/context";
import { explain } from "../src/admin/editor/explain";
import { outline, stateAt } from "../src/admin/editor/outline";
import schemaFile from "../../dialplans/schema.json";

const schema = schemaFile as unknown as Schema;
const FLOW = `flow: demo
languages: [zh, en]
defaults:
  no_input: { retry: 2, then: human }
intents:
  bill: { zh: [查账单], en: [my bill] }
  balance:
    zh: [查余额]
states:
  main:
    menu: { say: main_question, options: [bill] }
    on:
      bill: read_bill
  read_bill:
    do:
      - say: [bill_is, { amount: vars.bill }]
    hangup: normal
  human:
    enqueue: { queue: support, need: { telecom: 2 } }
    on: { no_agents: end }
`;
const NAMES: Names = {
  queues: ["support", "care"],
  skills: ["telecom", "complaint"],
  flows: ["demo"],
  sources: [{ name: "billing", operations: ["balance"] }],
  prompts: [{ name: "main_question", languages: ["zh"], texts: { zh: "请问您要办理什么业务？" } }],
  hours: [],
  flags: [],
  values: [],
  roots: [{ name: "profile", doc: "what is known", members: ["tier", "name"] }],
  steps: [
    { name: "menu", doc: "Offer intents.", waits: true, edges: ["no_input", "no_match"] },
    { name: "enqueue", doc: "Wait for a person.", waits: true, edges: ["served", "no_agents", "closed"] },
  ],
  edges: [{ name: "error", doc: "something failed" }],
  targets: [{ name: "end", doc: "hangs up" }],
  errors: {},
};

/** The context at `|` in a text. */
function at(text: string): ReturnType<typeof contextAt> {
  return contextAt(text.replace("|", ""), text.indexOf("|"));
}

function offered(text: string): string[] {
  const plain = text.replace("|", "");
  const parts = outline(plain);
  noteSteps(parts, plain);
  return offers(at(text), { schema, names: NAMES, outline: parts }).map((one) => one.label);
}

describe("where the cursor is", () => {
  it.each([
    ["fl|", [], "key", "fl"],
    ["states:\n  main:\n    goto: ma|", ["states", "main", "goto"], "value", "ma"],
    ["states:\n  main:\n    on:\n      bill: |", ["states", "main", "on", "bill"], "value", ""],
    ["states:\n  main:\n    on:\n      b|", ["states", "main", "on"], "key", "b"],
    ["states:\n  main:\n    do:\n      - s|", ["states", "main", "do", "[]"], "key", "s"],
    ["states:\n  main:\n    do:\n      - say: wel|", ["states", "main", "do", "[]", "say"], "value", "wel"],
    ["states:\n  main:\n    enqueue: { queue: su|", ["states", "main", "enqueue", "queue"], "value", "su"],
    ["states:\n  main:\n    enqueue: { queue: support, n|", ["states", "main", "enqueue"], "key", "n"],
    ["states:\n  main:\n    menu: { say: x, options: [bill, b|", ["states", "main", "menu", "options", "[]"], "value", "b"],
    ["states:\n  main:\n    menu:\n      options: [bill,\n        b|", ["states", "main", "menu", "options", "[]"], "value", "b"],
    ['states:\n  main:\n    say: { zh: "您好{profile.name}", en: hi|', ["states", "main", "say", "en"], "value", "hi"],
    ["states:\n  a:\n    go:\n      - { if: x, to: m|", ["states", "a", "go", "[]", "to"], "value", "m"],
    ["states:\n  a:\n    go:\n    - if: x\n      to: m|", ["states", "a", "go", "[]", "to"], "value", "m"],
  ])("%j", (text, path, side, word) => {
    const found = at(text);
    expect([found.path, found.side, found.word]).toEqual([path, side, word]);
  });

  it("knows the keys beside it", () => {
    expect(at("states:\n  main:\n    enqueue: { queue: support, n|").siblings).toEqual(["queue"]);
    expect(at("flow: a\nlanguages: [zh]\nst|\nentry: b\n").siblings.sort()).toEqual(["entry", "flow", "languages"]);
  });

  it("is found in any text, at any place", () => {
    const nasty = `${FLOW}\n  odd: {{[: "'\n    - - : x\n\t# {\n  "a: 'b\n`;
    for (let position = 0; position <= nasty.length; position += 1) expect(contextAt(nasty, position).path).toBeInstanceOf(Array);
  });
});

describe("completion", () => {
  it("names states where an edge leads", () => {
    expect(offered(FLOW.replace("bill: read_bill", "bill: |"))).toEqual(expect.arrayContaining(["main", "read_bill", "human", "end", "again"]));
    expect(offered(`${FLOW}  last:\n    goto: |`)).toEqual(expect.arrayContaining(["main", "human"]));
  });

  it("names intents, prompts, queues and skills where they belong", () => {
    expect(offered(FLOW.replace("[bill] }\n    on", "[bill, |] }\n    on"))).toEqual(["bill", "balance"]);
    expect(offered(FLOW.replace("main_question", "|"))).toContain("main_question");
    expect(offered(FLOW.replace("queue: support", "queue: |"))).toEqual(expect.arrayContaining(["support", "care"]));
    expect(offered(FLOW.replace("need: { telecom: 2 }", "need: { |"))).toContain("complaint");
  });

  it("offers the outcomes of the step that is there, and no key twice", () => {
    const found = offered(FLOW.replace("{ no_agents: end }", "{ no_agents: end, | }"));
    expect(found).toContain("served");
    expect(found).toContain("bill");
    expect(found).not.toContain("no_agents");
  });

  it("offers keys of the schema and steps of the server", () => {
    expect(offered("fl|")).toContain("flow");
    expect(offered(`${FLOW}  last:\n    |`)).toEqual(expect.arrayContaining(["do", "on", "goto", "menu", "enqueue"]));
    expect(offered(FLOW.replace("enqueue: { queue", "enqueue: { |, queue"))).toContain("priority");
  });

  it("knows what a profile has", () => {
    expect(offered(`${FLOW}  last:\n    go:\n      - { if: profile.|`)).toEqual(expect.arrayContaining(["profile.tier", "profile.name"]));
  });
});

describe("an outline", () => {
  it("has states and intents with their lines", () => {
    const found = outline(FLOW);
    expect(found.flow).toBe("demo");
    expect(found.languages).toEqual(["zh", "en"]);
    expect(found.intents.map((one) => one.name)).toEqual(["bill", "balance"]);
    expect(found.states.map((one) => [one.name, one.line, one.end])).toEqual([["main", 10, 14], ["read_bill", 14, 18], ["human", 18, 22]]);
    expect(stateAt(found.states, 15)?.name).toBe("read_bill");
    expect(stateAt(found.states, 2)).toBeNull();
  });
});

describe("help", () => {
  const about = (word: string, after = word): ReturnType<typeof explain> => explain(FLOW, FLOW.indexOf(after), word, schema, NAMES, "zh");

  it("says what a key means, in the language of the page", () => {
    expect(about("menu")?.words).toBe("列出选项；来电人说出或按键选择。");
    expect(explain(FLOW, FLOW.indexOf("enqueue"), "enqueue", schema, NAMES, "en")?.words).toContain("person");
  });

  it("says what a prompt says and where a state is", () => {
    expect(about("main_question")).toMatchObject({ kind: "prompt", texts: { zh: "请问您要办理什么业务？" }, recorded: ["zh"] });
    expect(about("read_bill")).toMatchObject({ kind: "state", line: 14 });
    expect(about("nonsense", "demo")).toBeNull();
  });
});
