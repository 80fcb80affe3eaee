import { signal } from "@preact/signals";
import { Microphone } from "../media/microphone";
import { Phone } from "../media/phone";
import { everySecond } from "../net/heartbeat";
import type { ServerMessage } from "../net/envelope";
import { RequestError, Socket, socketUrl } from "../net/socket";

export type Mode = "listen" | "whisper" | "barge" | "take";

/** How this supervisor is in a talk, and whose; `off` with the reason of the last end. */
export interface Ear {
  call: string;
  mode: Mode | "off";
  /** Not there yet: the audio is being connected. */
  asking: Mode | null;
  reason: "" | "stopped" | "over" | "lost" | "refused" | "offline";
  words: string;
}

const OFF: Ear = { call: "", mode: "off", asking: null, reason: "", words: "" };
/** Connecting the audio may ask for the microphone first. */
const ASK_MS = 30_000;

export const ear = signal<Ear>(OFF);
export const microphone = new Microphone();
export const phone = new Phone(microphone);

let socket: Socket | null = null;
let beat: (() => void) | null = null;

/** Be in a talk this way; the first click asks for the microphone. Another talk is left. */
export async function enter(call: string, mode: Mode): Promise<void> {
  const before = ear.value;
  /** Nobody left, or asked for something else, while the answer was under way. */
  const wanted = (): boolean => ear.value.call === call && ear.value.asking === mode;
  ear.value = { call, mode: before.call === call ? before.mode : "off", asking: mode, reason: "", words: "" };
  phone.mute(mode === "listen");
  try {
    if (socket === null || !socket.isOpen) await open();
    await socket!.request("monitor", { contact_id: call, mode }, ASK_MS);
    if (wanted()) ear.value = { call, mode, asking: null, reason: "", words: "" };
  } catch (error) {
    if (!wanted()) return;
    const refused = error instanceof RequestError && error.kind === "refused";
    const words = refused ? error.words : "";
    const stays = before.call === call && before.mode !== "off";
    if (stays) phone.mute(before.mode === "listen");
    ear.value = stays
      ? { ...before, asking: null, reason: refused ? "refused" : "offline", words }
      : { ...OFF, call, reason: refused ? "refused" : "offline", words };
    if (!stays) leaveAll();
  }
}

/** Leave the talk. */
export function leave(): void {
  const { call } = ear.value;
  void socket?.request("monitor", { contact_id: call, mode: "stop" }).catch(() => undefined);
  ear.value = { ...OFF, call, reason: "stopped" };
  setTimeout(() => ear.value.mode === "off" && ear.value.asking === null && leaveAll(), 500);
}

function leaveAll(): void {
  const old = socket;
  socket = null;
  beat?.();
  beat = null;
  old?.close();
  phone.hangUp();
  microphone.close();
}

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const mine: Socket = new Socket({
      url: socketUrl("/ws/monitor"),
      resume: false,
      onMessage: (message) => mine === socket && hear(message),
      onStatus: (status) => {
        if (mine !== socket) return;
        if (status === "open") resolve();
        if (status === "closed" || status === "lost") {
          reject(new RequestError("offline", ""));
          lost();
        }
      },
    });
    const old = socket;
    socket = mine;
    old?.close();
    beat?.();
    let ticks = 0;
    beat = everySecond(() => (ticks += 1) % 2 === 0 && void mine.request("ping", {}).catch(() => undefined));
    mine.open();
  });
}

function lost(): void {
  const { call, mode, asking } = ear.value;
  if (mode !== "off" && asking === null) ear.value = { ...OFF, call, reason: "lost" };
  leaveAll();
}

function hear(message: ServerMessage): void {
  const data = message.data as Record<string, unknown>;
  if (message.type === "media_offer") void answer(data);
  if (message.type !== "monitor") return;
  const call = String(data["contact_id"]);
  if (call !== ear.value.call) return;
  const mode = String(data["mode"]) as Ear["mode"];
  if (mode !== "off") {
    ear.value = { ...ear.value, mode };
  } else if (ear.value.mode !== "off" && ear.value.asking === null) {
    ear.value = { ...OFF, call, reason: String(data["reason"] || "over") as Ear["reason"] };
    leaveAll();
  }
}

async function answer(data: Record<string, unknown>): Promise<void> {
  try {
    const sdp = await phone.answer(String(data["sdp"]), (data["ice_servers"] ?? []) as RTCIceServer[]);
    socket?.send("media_answer", { leg_id: String(data["leg_id"]), sdp });
  } catch {
    lost();
  }
}

addEventListener("pagehide", leaveAll);
