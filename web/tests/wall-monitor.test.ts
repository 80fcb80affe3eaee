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

  /** Answer the last `monitor`, or another request. */
  reply(ok: boolean, error = "", type = "monitor"): void {
    const asked = this.sent.filter((one) => one.type === type).at(-1);
    this.say("reply", { id: asked?.id, ok, ...(ok ? {} : { error }) });
  }
}

type Monitor = typeof import("../src/wall/monitor");
let monitor: Monitor;

beforeEach(async () => {
  sessionStorage.clear();
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
  expect(monitor.ear.value).toMatchObject({ call: "c-2", mode: "off", asking: "listen", reason: "lost" });
});

const past = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
/** Answer whatever is asked next. */
async function answered(type: string, ok = true, error = ""): Promise<FakeSocket> {
  const asks = (): boolean => FakeSocket.last!.sent.some((one) => one.type === type && !done.has(one));
  await vi.waitFor(() => expect(asks()).toBe(true), 3000);
  const socket = FakeSocket.last!;
  const one = socket.sent.findLast((sent) => sent.type === type)!;
  done.add(one);
  socket.say("reply", { id: one.id, ok, ...(ok ? {} : { error }) });
  await settled();
  return socket;
}
const done = new Set<object>();

it("comes back to the talk that was lost, in the way it was in it", async () => {
  const first = await asked("c-1", "barge");
  first.socket.reply(true);
  await first.done;
  first.socket.onclose?.({ code: 1006, reason: "" });
  await past(5);
  await vi.waitFor(() => expect(FakeSocket.last).not.toBe(first.socket));
  await answered("monitor");
  FakeSocket.last!.say("monitor", { contact_id: "c-1", mode: "barge" });
  const socket = await answered("monitor");
  expect(socket.sent.filter((one) => one.type === "monitor").map((one) => one.data["mode"])).toEqual(["stop", "barge"]);
  await vi.waitFor(() => expect(monitor.ear.value).toMatchObject({ call: "c-1", mode: "barge", asking: null, reason: "" }));
});

it("goes on after a reload, and gives up where the talk is over", async () => {
  sessionStorage.setItem("hotline.listening", JSON.stringify({ call: "c-9", mode: "listen" }));
  vi.resetModules();
  monitor = await import("../src/wall/monitor");
  monitor.comeBack();
  monitor.comeBack();
  expect(monitor.ear.value).toMatchObject({ call: "c-9", asking: "listen" });
  await vi.waitFor(() => expect(FakeSocket.last?.sent.length).toBeGreaterThan(0));
  await answered("monitor", false, "nobody talks on this call");
  expect(monitor.ear.value).toMatchObject({ call: "c-9", mode: "off", asking: null, reason: "over" });
  expect(sessionStorage.getItem("hotline.listening")).toBeNull();
});

it("has a caller whom it took: holds, comes back, and wraps up", async () => {
  const { socket, done: taking } = await asked("c-1", "take");
  socket.say("settings", { dispositions: ["solved"] });
  socket.say("contact", { id: "c-1", phase: "connected", note: "angry" });
  socket.reply(true);
  await taking;
  expect(monitor.taken.value).toMatchObject({ call: "c-1", phase: "connected", note: "angry" });
  const holding = monitor.hold();
  await settled();
  socket.reply(true, "", "hold");
  expect(await holding).toBe("");
  socket.say("contact", { id: "c-1", phase: "held" });
  expect(monitor.taken.value?.phase).toBe("held");

  socket.say("monitor", { contact_id: "c-1", mode: "off", reason: "lost" });
  expect(monitor.ear.value).toMatchObject({ mode: "off", asking: "take", reason: "lost" });
  await vi.waitFor(() => expect(FakeSocket.last).not.toBe(socket));
  const again = await answered("reattach");
  await vi.waitFor(() => expect(monitor.ear.value).toMatchObject({ call: "c-1", mode: "take", asking: null }));

  monitor.leave();
  expect(monitor.ear.value.mode).toBe("take");
  again.say("monitor", { contact_id: "c-1", mode: "off", reason: "over" });
  expect(monitor.taken.value?.phase).toBe("wrap_up");
  monitor.taken.value = { ...monitor.taken.value!, note: "calmed", outcome: "solved" };
  const saving = monitor.finish();
  await settled();
  expect(again.sent.at(-1)).toMatchObject({ type: "wrap_up", data: { contact_id: "c-1", note: "calmed", disposition: "solved" } });
  again.reply(true, "", "wrap_up");
  await saving;
  expect([monitor.taken.value, monitor.ear.value.mode]).toEqual([null, "off"]);
});

it("is told that the desk has the call now", async () => {
  const { socket, done: taking } = await asked("c-1", "take");
  socket.say("contact", { id: "c-1", phase: "connected" });
  socket.reply(true);
  await taking;
  socket.say("monitor", { contact_id: "c-1", mode: "off", reason: "desk" });
  expect(monitor.ear.value).toMatchObject({ mode: "off", reason: "desk" });
  expect(monitor.taken.value).toBeNull();
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

/** A caller who was taken, at the end of the call. */
async function wrappingUp(): Promise<FakeSocket> {
  const { socket, done: taking } = await asked("c-1", "take");
  socket.say("contact", { id: "c-1", phase: "connected" });
  socket.reply(true);
  await taking;
  socket.say("monitor", { contact_id: "c-1", mode: "off", reason: "over" });
  expect(monitor.taken.value?.phase).toBe("wrap_up");
  return socket;
}

it("keeps what is typed while a wrap-up is refused", async () => {
  const socket = await wrappingUp();
  const saving = monitor.finish();
  await settled();
  monitor.taken.value = { ...monitor.taken.value!, note: "calls again" };
  socket.reply(false, "an outcome is wanted", "wrap_up");
  await saving;
  expect(monitor.taken.value).toMatchObject({ note: "calls again", words: "an outcome is wanted" });
});

it("lets go of the line where a wrap-up runs out", async () => {
  const socket = await wrappingUp();
  const closed = vi.spyOn(socket, "close");
  socket.say("contact", { id: "c-1", phase: "ended" });
  expect(monitor.taken.value).toBeNull();
  expect(closed).toHaveBeenCalled();
});

it("has no caller to wrap up whom it left while coming back to them", async () => {
  const { socket, done: taking } = await asked("c-1", "take");
  socket.say("contact", { id: "c-1", phase: "connected" });
  socket.reply(true);
  await taking;
  socket.say("monitor", { contact_id: "c-1", mode: "off", reason: "lost" });
  monitor.leave();
  await vi.waitFor(() => expect(monitor.taken.value).toBeNull());
  const other = await asked("c-2", "listen");
  other.socket.reply(true);
  await other.done;
  other.socket.say("monitor", { contact_id: "c-2", mode: "off", reason: "over" });
  expect([monitor.taken.value, monitor.ear.value.mode]).toEqual([null, "off"]);
});
