import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { consultOf, dialledOf, directoryOf, monitoredOf, NOBODY, numberOf, recordingOf, targetsOf } from "../src/desk/call/line";
import { dateFault, fieldOf, parents, rowsOf, shownRows, workingDay } from "../src/desk/call/tree";
import { EMPTY, type Contact, type DeskState } from "../src/desk/model";
import { reduce } from "../src/desk/reducer";
import { deskCallEn, type LineKey } from "../src/i18n/desk-call-en";
import { deskCallZh } from "../src/i18n/desk-call-zh";
import { en } from "../src/i18n/en";
import { figuresOf, MicJudge, readingOf, type Reading } from "../src/media/quality";

const directory = directoryOf({
  agents: [
    { id: "ann", name: "Ann", state: "available", team: "gold" },
    { id: "bob", name: "Bob Berg", state: "in_call", team: "gold" },
    { id: "eve", name: "Eve", state: "available", team: "night" },
  ],
  queues: [{ name: "billing", waiting: 2 }],
  flows: ["survey"],
  slots: [{ slot: "701", contact: "c-9", since: 5, by: "ann" }, { slot: "702" }],
  recent: ["+4930123"],
});

describe("whom a call can go to", () => {
  it("are colleagues with the free ones first, then queues and flows, never oneself", () => {
    expect(targetsOf(directory, "", "eve").map((one) => one.to)).toEqual(["agent:ann", "agent:bob", "queue:billing", "flow:survey"]);
  });

  it("are found by every word of name or team", () => {
    expect(targetsOf(directory, "gold b", "").map((one) => one.to)).toEqual(["agent:bob"]);
    expect(targetsOf(directory, "nobody", "")).toEqual([]);
  });

  it("are those that the server found by pinyin, once it has answered just that", () => {
    const found = directoryOf({ query: "lxm", agents: [{ id: "li", name: "李晓明", state: "available" }], queues: [{ name: "老新门", waiting: 0 }] });
    expect(targetsOf(found, "lxm ", "").map((one) => one.to)).toEqual(["agent:li", "queue:老新门"]);
    expect(targetsOf(found, "lxmi", "")).toEqual([]);
    expect(targetsOf(found, "晓", "").map((one) => one.to)).toEqual(["agent:li"]);
  });

  it("can be asked only while free; a number always", () => {
    const asked = Object.fromEntries(targetsOf(directory, "", "").map((one) => [one.to, one.canConsult]));
    expect(asked).toEqual({ "agent:ann": true, "agent:eve": true, "agent:bob": false, "queue:billing": false, "flow:survey": false });
    expect(targetsOf(NOBODY, "+86 138-0013", "")).toMatchObject([{ kind: "number", to: "+861380013", canConsult: true }]);
  });

  it("survive an answer of nonsense", () => {
    expect(directoryOf(null)).toEqual(NOBODY);
    expect(directoryOf({ agents: [7, null, { id: 3 }], queues: "x", slots: ["701"] })).toMatchObject({
      agents: [{ id: "" }, { id: "" }, { id: "3", name: "3", state: "offline" }],
      slots: [{ slot: "701", contact: "" }],
    });
  });
});

describe("numbers", () => {
  it.each([
    ["+49 (30) 123-456", "+4930123456"],
    ["10", "10"],
    ["*31#", "*31#"],
    ["sip:anna@example.org", "sip:anna@example.org"],
    ["1", ""],
    ["anna", ""],
    ["12 x", ""],
    ["", ""],
    ["+".repeat(40), ""],
  ])("%s dials %s", (typed, number) => {
    expect(numberOf(typed)).toBe(number);
  });
});

const contact = (id: string, phase: Contact["phase"] = "connected"): object => ({ id, phase, turns: [] });
const play = (state: DeskState, ...messages: [string, unknown][]): DeskState =>
  messages.reduce((before, [type, data]) => reduce(before, { type, data }), state);
const talking = play(EMPTY, ["contact", contact("c-1")]);

describe("a third party", () => {
  it("has a name from the start to the end", () => {
    const calling = play(talking, ["consult", { contact_id: "c-1", state: "calling", with: { kind: "agent", id: "bob", name: "Bob" } }]);
    expect(calling.consult).toEqual({ state: "calling", name: "Bob", reason: "" });
    expect(play(calling, ["consult", { contact_id: "c-1", state: "consult" }]).consult).toMatchObject({ state: "consult", name: "Bob" });
    expect(play(calling, ["consult", { contact_id: "c-1", state: "back" }]).consult).toBeNull();
  });

  it("of another contact changes nothing, and the next contact begins without one", () => {
    expect(play(talking, ["consult", { contact_id: "c-2", state: "calling" }]).consult).toBeNull();
    const busy = play(talking, ["consult", { contact_id: "c-1", state: "consult" }], ["recording", { contact_id: "c-1", state: "on" }]);
    expect(busy.recording).toBe("on");
    expect(play(busy, ["contact", contact("c-1", "wrap_up")])).toMatchObject({ consult: null, recording: "off" });
    expect(play(busy, ["contact", contact("c-2")])).toMatchObject({ consult: null, recording: "off" });
  });

  it("who failed says why, and nonsense is nobody", () => {
    expect(consultOf({ state: "failed", reason: "busy", with: { to: "+86" } }, null)).toEqual({ state: "failed", name: "+86", reason: "busy" });
    expect(consultOf({ state: "elsewhere" }, null)).toBeNull();
    expect([recordingOf("on"), recordingOf("paused"), recordingOf(1)]).toEqual(["on", "paused", "off"]);
    expect(dialledOf({ state: "later" })).toBeNull();
    expect(monitoredOf({ contact_id: "c", mode: "off" })).toBeNull();
  });
});

const TREE = [
  "solved",
  {
    name: "complaint",
    label: { en: "Complaint", zh: "投诉" },
    children: ["price", { name: "fault", follow_up: true, children: ["line", "router"] }],
  },
];
const rows = rowsOf(TREE, (name) => name.toUpperCase());

describe("outcomes", () => {
  it("are rows in the order of the tree, and a date is asked for all the way down", () => {
    expect(rows.map((row) => [row.path, row.depth, row.branch, row.dated])).toEqual([
      ["solved", 0, false, false],
      ["complaint", 0, true, false],
      ["complaint/price", 1, false, false],
      ["complaint/fault", 1, true, true],
      ["complaint/fault/line", 2, false, true],
      ["complaint/fault/router", 2, false, true],
    ]);
  });

  it("show what is open, or all leaves that fit", () => {
    expect(shownRows(rows, "", new Set()).map((row) => row.path)).toEqual(["solved", "complaint"]);
    expect(shownRows(rows, "", new Set(["complaint/fault"])).map((row) => row.path)).toEqual(["solved", "complaint"]);
    expect(shownRows(rows, " complaint LINE", new Set()).map((row) => row.path)).toEqual(["complaint/fault/line"]);
    expect(parents("complaint/fault/line")).toEqual(["complaint", "complaint/fault"]);
  });

  it("follow up on working days, within two years, not in the past", () => {
    const friday = new Date(2026, 10, 20, 15, 0);
    expect(fieldOf(workingDay(friday, 1))).toBe("2026-11-23T09:00");
    expect(fieldOf(workingDay(friday, 5))).toBe("2026-11-27T09:00");
    const faults = ["", "2026-11-20T14:59", "2026-11-20T15:01", "2029-01-01T00:00", "soon"].map((field) => dateFault(field, friday));
    expect(faults).toEqual(["", "past", "", "far", "none"]);
  });
});

describe("figures of the line", () => {
  const reading = (changes: Partial<Reading>): Reading => ({
    received: 0,
    lost: 0,
    jitter: 0,
    roundTrip: null,
    sent: 0,
    lostThere: null,
    codec: "",
    ...changes,
  });

  it("are of the time between two readings", () => {
    expect(figuresOf(null, reading({}))).toBeNull();
    const before = reading({ received: 100, lost: 5, sent: 10 });
    const now = reading({ received: 148, lost: 7, jitter: 0.004, roundTrip: 0.03, sent: 60, lostThere: 0.01, codec: "opus" });
    expect(figuresOf(before, now)).toEqual({ loss: 4, jitter: 4, roundTrip: 30, lossThere: 1, codec: "opus", sending: true });
    expect(figuresOf(now, now)).toMatchObject({ loss: 0, sending: false });
  });

  it("come out of a report of the browser", () => {
    const report = new Map<string, object>([
      ["a", { type: "inbound-rtp", kind: "audio", packetsReceived: 9, packetsLost: 1, jitter: 0.01, codecId: "c" }],
      ["b", { type: "outbound-rtp", kind: "audio", packetsSent: 4 }],
      ["c", { type: "codec", id: "c", mimeType: "audio/opus" }],
      ["d", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.02 }],
    ]) as unknown as RTCStatsReport;
    expect(readingOf(report)).toEqual({ received: 9, lost: 1, jitter: 0.01, roundTrip: 0.02, sent: 4, lostThere: null, codec: "opus" });
    expect(readingOf(new Map() as unknown as RTCStatsReport)).toBeNull();
  });
});

describe("a microphone", () => {
  const after = (levels: number[], muted = false): string[] => {
    const judge = new MicJudge();
    return levels.map((level) => judge.hear(level, 1, muted));
  };

  it("that gives nothing for five seconds is dead, and alive with the first sound", () => {
    expect(after([0, 0, 0, 0, 0, 0.01])).toEqual(["fine", "fine", "fine", "fine", "dead", "fine"]);
  });

  it("of a quiet room is fine for half a minute, then faint until somebody speaks", () => {
    const quiet = after([...Array<number>(30).fill(0.001), 0.05]);
    expect(quiet[28]).toBe("fine");
    expect(quiet[29]).toBe("faint");
    expect(quiet[30]).toBe("fine");
  });

  it("that was muted on purpose is not judged", () => {
    expect(new Set(after(Array<number>(60).fill(0), true))).toEqual(new Set(["fine"]));
  });
});

describe("catalogue of the bar", () => {
  const keys = Object.keys(deskCallEn) as LineKey[];
  const holes = (text: string): string => (text.match(/\{\w+\}/g) ?? []).sort().join();
  const text = readdirSync("src/desk/call")
    .map((name) => readFileSync(join("src/desk/call", name), "utf8"))
    .concat(["CallBar", "TopBar", "Notices"].map((name) => readFileSync(`src/desk/${name}.tsx`, "utf8")))
    .join("\n");

  it("says the same in both languages, and nothing that other pages say already", () => {
    expect(Object.keys(deskCallZh).sort()).toEqual([...keys].sort());
    expect(keys.filter((key) => holes(deskCallEn[key]) !== holes(deskCallZh[key]) || deskCallZh[key] === "" || key in en)).toEqual([]);
  });

  it("holds every key only because something uses it", () => {
    const families = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? "");
    expect(keys.filter((key) => !text.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)))).toEqual([]);
  });
});
