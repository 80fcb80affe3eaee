import { describe, expect, it } from "vitest";
import { IDLE, type CallState } from "../src/call/model";
import { reduceCall, type CallEvent } from "../src/call/reducer";

const play = (...events: CallEvent[]): CallState =>
  events.reduce((state, event, n) => reduceCall(state, event, 1000 * (n + 1)), IDLE);
const phase = (name: string, more: object = {}): CallEvent => ({ type: "phase", data: { phase: name, ...more } });
const dial: CallEvent = { type: "dial" };

describe("a call", () => {
  it("walks from the assistant to a person", () => {
    const state = play(dial, phase("connecting"), phase("bot"), phase("queue", { position: 2, estimate: 65 }));
    expect(state).toMatchObject({ phase: "queue", position: 2, estimate: 65, since: 3000 });
    const served = reduceCall(state, phase("agent", { agent: "Anna" }), 9000);
    expect(served).toMatchObject({ phase: "agent", agent: "Anna", position: null, since: 3000 });
  });

  it("remembers on hold who comes back", () => {
    expect(play(dial, phase("agent", { agent: "Anna" }), phase("held"))).toMatchObject({ phase: "held", agent: "Anna" });
  });

  it("ends once, with the first cause that is known", () => {
    const state = play(dial, phase("bot"), phase("ended"), { type: "ended", data: { cause: "released" } }, phase("bot"));
    expect(state).toMatchObject({ phase: "ended", cause: "released", endedAt: 3000 });
    expect(reduceCall(state, { type: "lost", cause: "socket_lost" }, 1).cause).toBe("released");
  });

  it("starts afresh after its end", () => {
    expect(play(dial, phase("bot"), { type: "lost", cause: "hung_up" }, dial)).toEqual({ ...IDLE, phase: "connecting" });
  });

  it("does not begin by what the server says alone", () => {
    expect(play(phase("bot"))).toBe(IDLE);
  });

  it("absorbs phases it does not know", () => {
    expect(play(dial, phase("dancing")).phase).toBe("connecting");
  });

  it("keeps the last 300 captions", () => {
    const lines = Array.from({ length: 310 }, (_, n): CallEvent => ({ type: "caption", data: { text: String(n) } }));
    const { captions } = play(dial, phase("bot"), ...lines);
    expect(captions).toHaveLength(300);
    expect(captions[0]?.text).toBe("10");
  });

  it("puts an amended caption in the place of the old one", () => {
    const said = (index: number, text: string): CallEvent => ({ type: "caption", data: { index, text } });
    const { captions } = play(dial, phase("bot"), said(0, "hello"), said(1, "4111"), said(2, "yes"), said(1, "[card]"));
    expect(captions.map((one) => one.text)).toEqual(["hello", "[card]", "yes"]);
  });
});
