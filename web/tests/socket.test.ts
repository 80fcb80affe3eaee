import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ServerMessage } from "../src/net/envelope";
import { REPLACED, RequestError, SIGNED_OUT, Socket, type SocketStatus } from "../src/net/socket";

class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: { id?: string; type: string; data: unknown }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.readyState = 3;
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }
  of(type: string): { id?: string; type: string; data: unknown }[] {
    return this.sent.filter((message) => message.type === type);
  }
}

const last = (): FakeSocket => FakeSocket.all.at(-1)!;
let heard: ServerMessage[];
let statuses: SocketStatus[];
let socket: Socket;
let mayRetry: boolean;

function make(resume = true): FakeSocket {
  socket = new Socket({
    url: "ws://x/ws/desk",
    resume,
    onMessage: (message) => heard.push(message),
    onStatus: (status) => statuses.push(status),
    mayRetry: () => Promise.resolve(mayRetry),
  });
  socket.open();
  last().open();
  return last();
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("Worker", undefined);
  FakeSocket.all = [];
  heard = [];
  statuses = [];
  mayRetry = true;
});
afterEach(() => {
  socket.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const seqs = (): (number | undefined)[] => heard.map((message) => message.seq);

describe("order", () => {
  it("asks for everything first", () => {
    expect(make().sent[0]).toEqual({ type: "resume", data: { seq: 0 } });
  });

  it("handles no event twice", () => {
    const ws = make();
    ws.say({ seq: 40, type: "snapshot" });
    for (const seq of [41, 41, 40, 42]) ws.say({ seq, type: "turn" });
    expect(seqs()).toEqual([40, 41, 42]);
  });

  it("resumes from the last event after a loss", async () => {
    const ws = make();
    ws.say({ seq: 40, type: "snapshot" });
    ws.say({ seq: 41, type: "turn" });
    ws.drop();
    await vi.advanceTimersByTimeAsync(300);
    last().open();
    expect(FakeSocket.all).toHaveLength(2);
    expect(last().sent[0]).toEqual({ type: "resume", data: { seq: 41 } });
    last().say({ seq: 42, type: "turn" });
    expect(seqs()).toEqual([40, 41, 42]);
  });

  it("starts over where an event is missing, and only once for one hole", async () => {
    const ws = make();
    ws.say({ seq: 40, type: "snapshot" });
    ws.say({ seq: 43, type: "turn" });
    expect(seqs()).toEqual([40]);
    await vi.advanceTimersByTimeAsync(300);
    last().open();
    last().say({ seq: 43, type: "turn" });
    expect(FakeSocket.all).toHaveLength(2);
    expect(seqs()).toEqual([40, 43]);
  });

  it("takes a snapshot of a new server whose numbers are lower", () => {
    const ws = make();
    ws.say({ seq: 900, type: "snapshot" });
    ws.say({ seq: 5, type: "snapshot" });
    ws.say({ seq: 6, type: "turn" });
    expect(seqs()).toEqual([900, 5, 6]);
  });

  it("a reply takes no number of its own", () => {
    const ws = make();
    ws.say({ seq: 40, type: "reply", data: { id: "c1", ok: true } });
    ws.say({ seq: 40, type: "snapshot" });
    ws.say({ seq: 41, type: "turn" });
    expect(seqs()).toEqual([40, 41]);
  });
});

describe("requests", () => {
  it("resolve on ok and carry the server's words otherwise", async () => {
    const ws = make();
    const good = socket.request("hold", { contact_id: "c" });
    const bad = socket.request("hold", { contact_id: "c" });
    const [first, second] = ws.of("hold");
    ws.say({ type: "reply", data: { id: second?.id, ok: false, error: "no call" } });
    ws.say({ type: "reply", data: { id: first?.id, ok: true } });
    await expect(good).resolves.toBeUndefined();
    await expect(bad).rejects.toMatchObject({ kind: "refused", words: "no call" });
  });

  it("fail at once without a connection, and when it breaks", async () => {
    const ws = make();
    const pending = socket.request("hold", {});
    ws.drop();
    await expect(pending).rejects.toMatchObject({ kind: "offline" });
    await expect(socket.request("hold", {})).rejects.toBeInstanceOf(RequestError);
    expect(socket.send("hold", {})).toBe(false);
  });

  it("fail after 6 s without an answer", async () => {
    const ws = make();
    const outcome = expect(socket.request("hold", {})).rejects.toMatchObject({ kind: "timeout" });
    for (let second = 0; second < 7; second += 1) {
      ws.say({ type: "queues", seq: second + 1, data: {} });
      await vi.advanceTimersByTimeAsync(1000);
    }
    await outcome;
  });
});

describe("losses", () => {
  it("pings every 1.5 s and gives up a silent connection after 6", async () => {
    const ws = make();
    await vi.advanceTimersByTimeAsync(5_500);
    expect(ws.of("ping").length).toBeGreaterThanOrEqual(2);
    expect(FakeSocket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2500);
    expect(FakeSocket.all).toHaveLength(2);
    expect(statuses).toContain("lost");
  });

  it.each([REPLACED, SIGNED_OUT])("closed with %d: does not come back", async (code) => {
    make().drop(code);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(statuses.at(-1)).toBe("closed");
  });

  it("signed out meanwhile: does not come back", async () => {
    mayRetry = false;
    make().drop();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(statuses.at(-1)).toBe("closed");
  });

  it("comes back at once when the network does", async () => {
    make().drop();
    await vi.advanceTimersByTimeAsync(1);
    dispatchEvent(new Event("online"));
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("ends the caller's socket by one loss", async () => {
    make(false).drop();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(statuses.at(-1)).toBe("closed");
    expect(FakeSocket.all[0]?.sent).toEqual([]);
  });
});
