import { describe, expect, it } from "vitest";
import { EMPTY, type Contact, type DeskState, type Turn } from "../src/desk/model";
import { reduce } from "../src/desk/reducer";
import type { ServerMessage } from "../src/net/envelope";

const turn = (text: string, at = 100): Turn => ({
  at,
  speaker: "caller",
  text,
  language: "zh",
  medium: "speech",
  confidence: 0.9,
  state: "main",
  intent: "",
});

const contact = (changes: Partial<Contact> = {}): Contact => ({
  id: "c-1",
  phase: "offered",
  queue: "support",
  channel: "sip",
  caller: { number: "1001", name: "李强", authenticated: false },
  profile: {},
  handover: {},
  language: "zh",
  intent: null,
  slots: {},
  tags: [],
  needs: {},
  why: "",
  started_at: 90,
  queued_at: 100,
  answered_at: null,
  held: false,
  note: "",
  turns: [],
  ...changes,
});

const agent = (state: string, until: number | null = null): unknown => ({
  id: "anna",
  name: "Anna",
  state,
  reason: "",
  since: 1,
  until,
  skills: {},
  languages: [],
});

const play = (state: DeskState, ...messages: [string, unknown][]): DeskState =>
  messages.reduce((before, [type, data]) => reduce(before, { type, data }), state);

const offered = play(EMPTY, ["contact", contact()]);

describe("snapshot", () => {
  it("replaces all that was known", () => {
    const state = play(offered, [
      "snapshot",
      {
        agent: agent("available"),
        queues: [{ name: "support", waiting: 2, longest_since: 5 }],
        contact: null,
        ring: null,
        settings: { ring_seconds: 12, wrap_up_seconds: 9, dispositions: ["solved"] },
      },
    ]);
    expect(state.ready).toBe(true);
    expect(state.contact).toBeNull();
    expect(state.queues).toHaveLength(1);
    expect(state.settings).toEqual({ ring_seconds: 12, wrap_up_seconds: 9, dispositions: ["solved"], breaks: [], ice_servers: [] });
  });

  it("brings back a running contact and its ring", () => {
    const state = play(EMPTY, ["snapshot", { contact: contact({ turns: [turn("a")] }), ring: { contact_id: "c-1", until: 9 } }]);
    expect(state.contact?.turns).toHaveLength(1);
    expect(state.ring).toEqual({ contact_id: "c-1", until: 9 });
  });

  it("leaves out a contact that is over", () => {
    expect(play(EMPTY, ["snapshot", { contact: contact({ phase: "ended" }) }]).contact).toBeNull();
  });

  it("keeps defaults where settings are missing", () => {
    expect(play(EMPTY, ["snapshot", {}]).settings.ring_seconds).toBe(20);
  });
});

describe("contact", () => {
  it("fills what a server may leave out", () => {
    const state = play(EMPTY, ["contact", { id: "c-2", phase: "offered", queue: "q" }]);
    expect(state.contact).toMatchObject({ turns: [], slots: {}, profile: {}, handover: {}, intent: null });
  });

  it("does not lose turns to an older copy of the same contact", () => {
    const state = play(
      offered,
      ["turn", { contact_id: "c-1", index: 0, turn: turn("a") }],
      ["contact", contact({ phase: "connected", turns: [] })],
    );
    expect(state.contact?.phase).toBe("connected");
    expect(state.contact?.turns.map((one) => one.text)).toEqual(["a"]);
  });

  it("takes no turns over from another contact", () => {
    const state = play(offered, ["turn", { contact_id: "c-1", index: 0, turn: turn("a") }], ["contact", contact({ id: "c-2" })]);
    expect(state.contact?.turns).toEqual([]);
  });

  it("leaves the desk when it has ended", () => {
    const state = play(offered, ["contact", contact({ phase: "ended" })]);
    expect(state.contact).toBeNull();
    expect(state.lastEnd).toEqual({ contact_id: "c-1", reason: "ended" });
  });

  it("ignores the end of another contact", () => {
    expect(play(offered, ["contact", contact({ id: "old", phase: "ended" })])).toBe(offered);
  });

  it("is cleared by nothing", () => {
    expect(play(offered, ["contact", { contact: null }]).contact).toBeNull();
  });
});

describe("turn", () => {
  it("adds words as they come, in their places", () => {
    const state = play(
      offered,
      ["turn", { contact_id: "c-1", index: 0, turn: turn("a") }],
      ["turn", { contact_id: "c-1", index: 1, turn: turn("b") }],
      ["turn", { contact_id: "c-1", index: 0, turn: turn("A") }],
    );
    expect(state.contact?.turns.map((one) => one.text)).toEqual(["A", "b"]);
  });

  it("leaves no hole where an index runs ahead", () => {
    const state = play(offered, ["turn", { contact_id: "c-1", index: 7, turn: turn("late") }]);
    expect(state.contact?.turns).toHaveLength(1);
  });

  it("of another contact changes nothing", () => {
    expect(play(offered, ["turn", { contact_id: "other", index: 0, turn: turn("x") }])).toBe(offered);
  });

  it("makes a new list, so that the page draws it", () => {
    const state = play(offered, ["turn", { contact_id: "c-1", index: 0, turn: turn("a") }]);
    expect(state.contact?.turns).not.toBe(offered.contact?.turns);
  });
});

describe("ring", () => {
  const rung = play(offered, ["ring", { contact_id: "c-1", until: 120 }]);

  it("keeps the story on the screen", () => {
    expect(rung.ring?.until).toBe(120);
    expect(rung.contact?.id).toBe("c-1");
  });

  it("accepted: the contact stays", () => {
    const state = play(rung, ["ring_stopped", { contact_id: "c-1", reason: "accepted" }]);
    expect(state.ring).toBeNull();
    expect(state.contact?.id).toBe("c-1");
  });

  it.each(["no_answer", "declined", "caller_left"])("%s: the contact leaves and the reason stays", (reason) => {
    const state = play(rung, ["ring_stopped", { contact_id: "c-1", reason }]);
    expect(state).toMatchObject({ ring: null, contact: null, lastEnd: { contact_id: "c-1", reason } });
  });

  it("of another contact goes on", () => {
    expect(play(rung, ["ring_stopped", { contact_id: "old", reason: "no_answer" }]).ring).not.toBeNull();
  });

  it("forgets the last end at the next contact", () => {
    const state = play(rung, ["ring_stopped", { contact_id: "c-1", reason: "declined" }], ["contact", contact({ id: "c-2" })]);
    expect(state.lastEnd).toBeNull();
  });
});

describe("agent", () => {
  const wrapping = play(EMPTY, ["agent", agent("wrap_up", 50)], ["contact", contact({ phase: "wrap_up" })]);

  it("in wrap-up keeps the contact", () => {
    expect(wrapping.contact?.phase).toBe("wrap_up");
    expect(wrapping.agent?.until).toBe(50);
  });

  it("available again: the contact is put away", () => {
    expect(play(wrapping, ["agent", agent("available")]).contact).toBeNull();
  });

  it("changing state does not touch a contact that is offered", () => {
    expect(play(offered, ["agent", agent("reserved")]).contact?.id).toBe("c-1");
  });
});

describe("media", () => {
  it("follows the leg of the last offer", () => {
    const state = play(EMPTY, ["media_offer", { leg_id: "l2", sdp: "" }], ["media", { leg_id: "l1", state: "closed" }]);
    expect(state.media).toEqual({ leg_id: "l2", state: "connecting" });
    expect(play(state, ["media", { leg_id: "l2", state: "connected" }]).media.state).toBe("connected");
  });
});

describe("queues", () => {
  it("is a list", () => {
    expect(play(EMPTY, ["queues", [{ name: "a", waiting: 0, longest_since: null }]]).queues).toHaveLength(1);
  });
});

it("ignores words it does not know", () => {
  expect(play(offered, ["weather", { sunny: true }])).toBe(offered);
});

describe("what happens without the agent's doing", () => {
  const agent = { id: "wang", name: "Wang", state: "available", reason: "", by: "", since: 1, until: null, skills: {}, languages: [] };
  const after = (state: DeskState, change: object, at = 5): DeskState =>
    reduce(state, { type: "agent", seq: 1, at, data: { ...agent, ...change } } as ServerMessage);
  const begun = after(EMPTY, {});

  it("says who sent the agent on a break, and is quiet when the agent chooses", () => {
    const forced = after(begun, { state: "break", reason: "training", by: "boss" });
    expect(forced.told).toEqual({ at: 5, kind: "state", state: "break", reason: "training", by: "boss" });
    expect(after(forced, { state: "break", reason: "training", by: "boss", since: 2 }, 6).told?.at).toBe(5);
    expect(after(forced, { state: "available", by: "" }).told).toBeNull();
    expect(after(begun, { state: "break", reason: "meal", by: "" }).told).toBeNull();
  });

  it("says that a break is over, but not that a call is", () => {
    const forced = after(begun, { state: "break", reason: "meal", by: "schedule" });
    expect(after(forced, { state: "available", by: "system" }).told).toMatchObject({ state: "available", by: "system" });
    const talking = after(begun, { state: "in_call" });
    expect(after(talking, { state: "available", by: "boss" }).told).toBeNull();
  });

  it("keeps what was mended and what was explained", () => {
    const mended = reduce(begun, { type: "told", seq: 2, at: 9, data: { kind: "healed", what: "ring" } } as ServerMessage);
    expect(mended.told).toEqual({ at: 9, kind: "healed", what: "ring" });
    const explained = reduce(begun, { type: "explained", seq: 2, at: 9, data: { verdict: "nobody_waits" } } as ServerMessage);
    expect(explained.explained?.verdict).toBe("nobody_waits");
  });

  it("keeps a task and a broadcast until they are closed, whatever state comes", () => {
    for (const kind of ["follow_up", "broadcast"]) {
      const told = reduce(begun, { type: "told", seq: 2, at: 9, data: { kind, ticket: "T-1" } } as ServerMessage);
      expect(after(told, { state: "break", by: "" }).told?.kind).toBe(kind);
    }
  });

  it("forgets why no calls came once the agent is in another state", () => {
    const explained = reduce(begun, { type: "explained", seq: 2, at: 9, data: { verdict: "offline" } } as ServerMessage);
    expect(after(explained, { since: 2 }).explained?.verdict).toBe("offline");
    expect(after(explained, { state: "break", by: "" }).explained).toBeNull();
  });
});
