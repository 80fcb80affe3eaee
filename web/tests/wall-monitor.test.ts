import { afterEach, beforeEach, expect, it, vi } from "vitest";

/** A socket that does what a test says. */
class FakeSocket {
  static readonly OPEN = 1;
  static last: FakeSocket | null = null;
  readyState = 0;
  sent: { id?: string; type: string; data: Record<string, unknown> }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.last = this;
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  say(type: string, data: unknown): void {
    this.onmessage?.({ data: JSON.stringify({ type, data }) });
  }

  /** Answer the last `monitor`. */
  reply(ok: boolean, error = ""): void {
    const asked = this.sent.filter((one) => one.type === "monitor").at(-1);
    this.say("reply", { id: asked?.id, ok, ...(ok ? {} : { error }) });
  }
}

type Monitor = typeof import("../src/wall/monitor");
let monitor: Monitor;

beforeEach(async () => {
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("Worker", undefined);
  vi.resetModules();
  monitor = await import("../src/wall/monitor");
});

afterEach(() => vi.unstubAllGlobals());

const settled = async (): Promise<void> => {
  for (let n = 0; n < 10; n += 1) await Promise.resolve();
};

async function asked(call: string, mode: "listen" | "whisper" | "barge" | "take"): Promise<{ socket: FakeSocket; done: Promise<void> }> {
  const done = monitor.enter(call, mode);
  await settled();
  return { socket: FakeSocket.last!, done };
}

it("listens muted, and speaks from the moment of a whisper on", async () => {
  const { socket, done } = await asked("c-1", "listen");
  expect(socket.url).toContain("/ws/monitor");
  expect(socket.sent.at(-1)).toMatchObject({ type: "monitor", data: { contact_id: "c-1", mode: "listen" } });
  expect(monitor.ear.value).toMatchObject({ call: "c-1", mode: "off", asking: "listen" });
  socket.reply(true);
  await done;
  expect(monitor.ear.value).toMatchObject({ mode: "listen", asking: null });
  expect(monitor.phone.muted.value).toBe(true);
  const next = await asked("c-1", "whisper");
  expect(next.socket).toBe(socket);
  next.socket.reply(true);
  await next.done;
  expect([monitor.ear.value.mode, monitor.phone.muted.value]).toEqual(["whisper", false]);
});

it("says why it could not be, and is out", async () => {
  const { socket, done } = await asked("c-1", "listen");
  socket.reply(false, "this is your own call");
  await done;
  expect(monitor.ear.value).toMatchObject({ call: "c-1", mode: "off", reason: "refused", words: "this is your own call" });
});

it("stays as it was where a change is refused", async () => {
  const first = await asked("c-1", "listen");
  first.socket.reply(true);
  await first.done;
  const second = await asked("c-1", "take");
  second.socket.reply(false, "no");
  await second.done;
  expect(monitor.ear.value).toMatchObject({ call: "c-1", mode: "listen", reason: "refused", words: "no" });
  expect(monitor.phone.muted.value).toBe(true);
});

it("is out where the talk ends or the server is gone", async () => {
  const first = await asked("c-1", "listen");
  first.socket.reply(true);
  await first.done;
  first.socket.say("monitor", { contact_id: "c-2", mode: "off", reason: "over" });
  expect(monitor.ear.value.mode).toBe("listen");
  first.socket.say("monitor", { contact_id: "c-1", mode: "off", reason: "over" });
  expect(monitor.ear.value).toMatchObject({ mode: "off", reason: "over" });
  const second = await asked("c-2", "listen");
  expect(second.socket).not.toBe(first.socket);
  second.socket.reply(true);
  await second.done;
  second.socket.onclose?.({ code: 1006, reason: "" });
  expect(monitor.ear.value).toMatchObject({ call: "c-2", mode: "off", reason: "lost" });
});

it("leaves when told", async () => {
  const { socket, done } = await asked("c-1", "barge");
  socket.reply(true);
  await done;
  monitor.leave();
  expect(socket.sent.at(-1)).toMatchObject({ type: "monitor", data: { contact_id: "c-1", mode: "stop" } });
  expect(monitor.ear.value).toMatchObject({ mode: "off", reason: "stopped" });
});

it("has left though the answer to the asking comes after", async () => {
  const { socket, done } = await asked("c-1", "listen");
  monitor.leave();
  const first = socket.sent.find((one) => one.data["mode"] === "listen");
  socket.say("reply", { id: first?.id, ok: true });
  await done;
  expect(monitor.ear.value).toMatchObject({ mode: "off", asking: null, reason: "stopped" });
});

it("keeps one socket where two talks are asked for at once", async () => {
  void monitor.enter("c-1", "listen");
  const first = FakeSocket.last!;
  const closed = vi.spyOn(first, "close");
  const second = await asked("c-2", "listen");
  expect(second.socket).not.toBe(first);
  expect(closed).toHaveBeenCalled();
  second.socket.reply(true);
  await second.done;
  expect(monitor.ear.value).toMatchObject({ call: "c-2", mode: "listen" });
});
