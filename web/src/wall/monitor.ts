import { effect, signal } from "@preact/signals";
import type { Disposition } from "../desk/call/tree";
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
  reason: "" | "stopped" | "over" | "desk" | "lost" | "refused" | "offline";
  words: string;
}

/** A caller whom this supervisor took: as any agent's, in the queues too. */
export interface Taken {
  call: string;
  phase: "connecting" | "connected" | "held" | "wrap_up";
  note: string;
  outcome: string;
  /** Why it could not be saved. */
  words: string;
}

const OFF: Ear = { call: "", mode: "off", asking: null, reason: "", words: "" };
/** Connecting the audio may ask for the microphone first. */
const ASK_MS = 30_000;
/** Milliseconds before each try to come back to a talk; a caller who was taken waits for half a minute. */
const AGAIN_MS = [0, 1000, 2000, 4000, 6000, 8000, 8000];
const KEPT = "hotline.listening";

export const ear = signal<Ear>(OFF);
export const taken = signal<Taken | null>(null);
/** What can be said of a caller who was taken, as the desk has it. */
export const outcomes = signal<Disposition[]>([]);
export const microphone = new Microphone();
export const phone = new Phone(microphone);

let socket: Socket | null = null;
let beat: (() => void) | null = null;
let before = kept();

/** A page that is loaded again goes on where it was. */
export function comeBack(): void {
  const was = before;
  before = null;
  if (was !== null && ear.peek().mode === "off" && ear.peek().asking === null) again(was.call, was.mode, 0);
}

function kept(): { call: string; mode: Mode } | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as { call: string; mode: Mode } | null;
  } catch {
    return null;
  }
}

effect(() => {
  const { call, mode, asking } = ear.value;
  const now = mode === "off" ? asking : mode;
  if (now !== null) sessionStorage.setItem(KEPT, JSON.stringify({ call, mode: now }));
  else if (before === null) sessionStorage.removeItem(KEPT);
});

/** The audio was lost, not given up: be in the same talk in the same way, as soon as that can be. */
function again(call: string, mode: Mode, tries: number): void {
  leaveAll();
  ear.value = { ...OFF, call, asking: mode, reason: "lost" };
  const wanted = (): boolean => ear.value.call === call && ear.value.asking === mode;
  setTimeout(async () => {
    if (!wanted()) return;
    phone.mute(mode === "listen");
    try {
      if (socket === null || !socket.isOpen) await open();
      if (mode === "take") await socket!.request("reattach", { contact_id: call }, ASK_MS);
      else {
        // The server may not have missed the old audio yet, and would only change what is done with it.
        await socket!.request("monitor", { contact_id: call, mode: "stop" });
        await socket!.request("monitor", { contact_id: call, mode }, ASK_MS);
      }
      if (wanted()) ear.value = { ...OFF, call, mode };
    } catch (error) {
      if (!wanted()) return;
      const refused = error instanceof RequestError && error.kind === "refused";
      if (!refused && tries + 1 < AGAIN_MS.length) {
        again(call, mode, tries + 1);
        return;
      }
      ear.value = { ...OFF, call, reason: refused ? "over" : "lost" };
      taken.value = null;
      leaveAll();
    }
  }, AGAIN_MS[tries]);
}

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

/** The caller who was taken hears music, or is talked with again; "" or why not. */
export async function hold(): Promise<string> {
  const one = taken.value;
  if (one === null) return "";
  return tell(one.phase === "held" ? "resume_call" : "hold", { contact_id: one.call });
}

/** Save what became of the caller who was taken. */
export async function finish(): Promise<void> {
  const one = taken.value;
  if (one === null) return;
  const words = await tell("wrap_up", { contact_id: one.call, disposition: one.outcome, note: one.note, follow_up: "" });
  // What was typed meanwhile stays, and a wrap-up that ran out is over.
  if (taken.value?.call === one.call) taken.value = words === "" ? null : { ...taken.value, words };
  rest();
}

async function tell(type: string, data: object): Promise<string> {
  try {
    if (socket === null || !socket.isOpen) await open();
    await socket!.request(type, data);
    return "";
  } catch (error) {
    return error instanceof RequestError && error.kind === "refused" ? error.words : "offline";
  }
}

/** Leave the talk. */
export function leave(): void {
  const { call, mode } = ear.value;
  const stop = socket?.request("monitor", { contact_id: call, mode: "stop" });
  if (mode === "take" && taken.value !== null) {
    // The end of the call is told, and the wrap-up follows.
    stop?.catch(() => {
      ear.value = { ...OFF, call, reason: "over" };
      taken.value = null;
      leaveAll();
    });
    return;
  }
  stop?.catch(() => undefined);
  ear.value = { ...OFF, call, reason: "stopped" };
  setTimeout(() => {
    if (!idle()) return;
    silence();
    if (taken.value?.phase !== "wrap_up") taken.value = null;
    rest();
  }, 500);
}

const idle = (): boolean => ear.value.mode === "off" && ear.value.asking === null;

/** Without a talk, and without a caller to wrap up, there is nothing to hear of. */
function rest(): void {
  if (idle() && taken.value === null) leaveAll();
}

function silence(): void {
  phone.hangUp();
  microphone.close();
}

function leaveAll(): void {
  const old = socket;
  socket = null;
  beat?.();
  beat = null;
  old?.close();
  silence();
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
  if (mode !== "off" && asking === null) again(call, mode, 0);
  else leaveAll();
}

function hear(message: ServerMessage): void {
  const data = message.data as Record<string, unknown>;
  if (message.type === "media_offer") void answer(data);
  if (message.type === "settings") outcomes.value = (data["dispositions"] ?? []) as Disposition[];
  if (message.type === "contact") follow(data);
  if (message.type !== "monitor") return;
  const call = String(data["contact_id"]);
  if (call !== ear.value.call) return;
  const mode = String(data["mode"]) as Ear["mode"];
  if (mode !== "off") {
    ear.value = { ...ear.value, mode };
  } else if (ear.value.mode !== "off" && ear.value.asking === null) {
    const reason = String(data["reason"] || "over") as Ear["reason"];
    if (reason === "lost") {
      again(call, ear.value.mode, 0);
      return;
    }
    ear.value = { ...OFF, call, reason };
    if (reason === "over" && taken.value !== null) {
      taken.value = { ...taken.value, phase: "wrap_up" };
      silence();
    } else {
      taken.value = null;
      leaveAll();
    }
  }
}

/** How the caller who was taken stands. */
function follow(data: Record<string, unknown>): void {
  const call = String(data["id"]);
  const phase = String(data["phase"]) as Taken["phase"] | "ended" | "offered";
  const mine = taken.value?.call === call;
  if (phase === "ended" || phase === "offered") {
    if (!mine) return;
    taken.value = null;
    rest();
  } else if (mine) {
    taken.value = { ...taken.value!, phase };
  } else if (phase !== "wrap_up") {
    taken.value = { call, phase, note: String(data["note"] ?? ""), outcome: "", words: "" };
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
