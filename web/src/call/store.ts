import { computed, effect, signal } from "@preact/signals";
import { language, roughly, t, type Language } from "../i18n";
import { mark } from "../media/debug";
import { Microphone } from "../media/microphone";
import { Phone } from "../media/phone";
import type { ServerMessage } from "../net/envelope";
import { Socket, socketUrl, type SocketStatus } from "../net/socket";
import { IDLE } from "./model";
import { reduceCall, type CallEvent } from "./reducer";

const NAME = "hotline.caller.name";
/** After hanging up, the time in which the server may still say why. */
const GOODBYE_MS = 1500;

export const call = signal(IDLE);
export const callerName = signal(localStorage.getItem(NAME) ?? "");
/** Null follows the language of the page. */
export const chosenLanguage = signal<Language | null>(null);
export const callLanguage = computed(() => chosenLanguage.value ?? language.value);
export const testing = signal(false);
export const pressed = signal("");
export const tick = signal(0);
export const microphone = new Microphone();
export const phone = new Phone(microphone);
export const active = computed(() => !["idle", "ended", "microphone"].includes(call.value.phase));

let socket: Socket | null = null;

function apply(event: CallEvent): void {
  call.value = reduceCall(call.value, event, Date.now());
}

export function nameCaller(name: string): void {
  callerName.value = name;
  localStorage.setItem(NAME, name);
}

export async function testMicrophone(on: boolean): Promise<void> {
  testing.value = on;
  if (on) await microphone.open();
  else if (!active.value) microphone.close();
}

/** Take the microphone, then the line: a caller who cannot be heard is told before anybody answers. */
export async function dial(): Promise<void> {
  if (active.value || call.value.phase === "microphone") return;
  pressed.value = "";
  apply({ type: "microphone" });
  if ((await microphone.open()) === null) {
    apply({ type: "lost", cause: "microphone" });
    return;
  }
  testing.value = false;
  apply({ type: "dial" });
  mark("dial");
  const before = socket;
  const mine: Socket = new Socket({
    url: socketUrl("/ws/call"),
    resume: false,
    onMessage: (message) => mine === socket && receive(message),
    onStatus: (status) => mine === socket && follow(status),
  });
  socket = mine;
  before?.close();
  mine.open();
}

function follow(status: SocketStatus): void {
  if (status === "open") {
    const to = new URLSearchParams(location.search).get("to") ?? "hotline";
    socket?.send("start", { name: callerName.value.trim(), language: callLanguage.value, to });
  } else if (status === "closed" && call.value.phase !== "ended") {
    apply({ type: "lost", cause: call.value.since === null ? "unreachable" : "socket_lost" });
  }
}

function receive(message: ServerMessage): void {
  mark(message.type);
  apply(message);
  const data = message.data as Record<string, unknown>;
  if (message.type === "media_offer") void answer(data);
}

async function answer(data: Record<string, unknown>): Promise<void> {
  try {
    const answered = await phone.answer(String(data["sdp"]), (data["ice_servers"] ?? []) as RTCIceServer[]);
    socket?.send("media_answer", { leg_id: String(data["leg_id"]), sdp: answered });
  } catch {
    socket?.send("hang_up", {});
    apply({ type: "lost", cause: "failed" });
  }
}

export function press(digit: string): void {
  if (!active.value) return;
  pressed.value = (pressed.value + digit).slice(-20);
  if (!phone.press(digit)) socket?.send("dtmf", { digits: digit });
}

export function hangUp(): void {
  if (!active.value) return;
  socket?.send("hang_up", {});
  apply({ type: "lost", cause: "hung_up" });
}

/** The line of state, in plain words. */
export const phaseWords = computed(() => {
  const { phase, position, estimate, agent, since, cause } = call.value;
  if (phase === "ended" && since === null && cause !== "hung_up") return t("call.phase.failed");
  if (phase === "queue" && position !== null) return queueWords(position, estimate);
  if (phase === "agent") return agent === "" ? t("call.phase.agent.unnamed") : t("call.phase.agent", { agent });
  if (phase === "held") return agent === "" ? t("call.phase.held.unnamed") : t("call.phase.held", { agent });
  return t(`call.phase.${phase}`);
});

function queueWords(position: number, estimate: number | null): string {
  if (estimate === null) return t("call.phase.queue.place", { position });
  return t("call.phase.queue.position", { position, estimate: roughly(estimate) });
}

effect(() => {
  if (call.value.phase !== "ended") return;
  phone.hangUp();
  microphone.close();
  const closing = socket;
  setTimeout(() => closing?.close(), GOODBYE_MS);
});
effect(() => {
  document.title = `${call.value.phase === "idle" ? t("call.title") : phaseWords.value} · Hotline`;
});
setInterval(() => (tick.value += 1), 500);
addEventListener("pagehide", () => hangUp());
