/** What the buttons of the bar ask the server for, and what follows from settings of this seat. */
import { computed, effect, signal, untracked } from "@preact/signals";
import { RequestError } from "../../net/socket";
import { accept, asked, desk, link, microphone, now, panel, phone, request, ringer, ringing, say, withContact } from "../store";
import { listeners } from "../heard";
import { monitoredOf, type MonitorMode } from "./line";
import { autoAnswer, output, ringOutput, ringVolume } from "./preferences";
import { t, type LineKey } from "./words";

/** Milliseconds that a call out, or audio that comes back, may take to be there. */
const AUDIO_MS = 20_000;
/** Milliseconds between the tone and the answer that nobody clicked. */
const AUTO_MS = 1500;
/** Milliseconds without audio after which it is asked for, where the page has just come back, or had it and lost it. */
const REATTACH_MS = 700;
/** The same of a call that was just accepted: its offer is on its way. */
const OFFER_MS = 8000;
const REATTACH_AGAIN_MS = 4000;
/** Milliseconds for which a page counts as just come back. */
const BACK_MS = 2500;

/** Whom the last consultation asked for, until the server says it. */
export const consulting = signal("");
/** What went wrong in the panel that is open; it stays there until something else is tried. */
export const fault = signal("");
/** True while the server is asked and has not answered. */
export const busy = signal(false);
/** Server seconds at which this call answers itself; null where a person does it. */
export const answersAt = signal<number | null>(null);

/** A guest was asked by a colleague: the call is not the guest's. */
export const guest = computed(() => desk.value.contact?.consult !== undefined);
/** A third party is there, or on the way. */
export const consulted = computed(() => desk.value.consult !== null && desk.value.consult.state !== "failed");
/** Whether a call out could begin now. */
export const mayDial = computed(() => {
  const { agent, contact } = desk.value;
  const free = agent?.state === "available" || agent?.state === "break" || agent?.state === "wrap_up";
  return link.value === "open" && free && (contact === null || contact.phase === "wrap_up");
});

/** Open a panel, or close it where it is open. */
export function toggle(name: typeof panel.value): void {
  fault.value = "";
  panel.value = panel.value === name ? "" : name;
}

let lastQuery = "";

/** Who could get the call; the answer comes as an event. */
export async function look(query: string): Promise<void> {
  lastQuery = query;
  const words = await asked("directory", { query });
  if (query === lastQuery && words !== "") fault.value = words;
}

async function ask(type: string, data: object, most?: number): Promise<boolean> {
  busy.value = true;
  fault.value = "";
  const words = await asked(type, data, most);
  busy.value = false;
  if (panel.value === "" && words !== "") say(words); // a call that began closed the panel
  else fault.value = words;
  if (words === "") panel.value = "";
  return words === "";
}

const here = (data: object): object => ({ contact_id: desk.value.contact?.id ?? "", ...data });

/** Give the call away at once. */
export async function transfer(to: string, name: string): Promise<void> {
  if (await ask("transfer", here({ to }))) say(t("line.sent", { name }));
}

/** Ask somebody while the caller hears music. */
export async function consult(to: string, name: string): Promise<void> {
  consulting.value = name;
  await ask("consult", here({ to }));
}

export const swap = (): Promise<boolean> => withContact("toggle");
export const joinAll = (): Promise<boolean> => withContact("three_way");
export const complete = (): Promise<boolean> => withContact("complete");
export const back = (): Promise<boolean> => withContact("back");

/** A failed consultation was read. */
export function forgetConsult(): void {
  desk.value = { ...desk.value, consult: null };
}

/** How a call out ended was read. */
export function forgetDialled(): void {
  desk.value = { ...desk.value, dialled: null };
}

/** Into a free slot, or a certain one. */
export async function park(slot = ""): Promise<void> {
  if (await ask("park", here({ slot }))) say(t("line.parked"));
}

export async function pickUp(slot: string): Promise<void> {
  await ask("pick_up", { slot });
}

export async function dial(to: string): Promise<void> {
  await ask("dial", { to }, AUDIO_MS);
}

export async function redial(): Promise<void> {
  await ask("redial", {}, AUDIO_MS);
}

/** Record, or pause what is recorded: card numbers do not belong in it. */
export const record = (): Promise<boolean> =>
  withContact("record", { action: { off: "start", on: "pause", paused: "resume" }[desk.value.recording] });
export const stopRecording = (): Promise<boolean> => withContact("record", { action: "stop" });

export async function monitor(contactId: string, mode: MonitorMode | "stop"): Promise<void> {
  const words = await asked("monitor", { contact_id: contactId, mode }, AUDIO_MS);
  if (words !== "") say(words);
}

const IN_TALK = "hotline.monitor";

/** A supervisor whose audio was lost, by a reload or with the network, is in the talk again, in the way it was. */
listeners.push(({ type, data }) => {
  if (type !== "monitor" && type !== "snapshot") return;
  const told = data as { monitor?: unknown; reason?: unknown };
  const now = monitoredOf(type === "snapshot" ? told.monitor : data);
  const was = monitoredOf(JSON.parse(sessionStorage.getItem(IN_TALK) ?? "null"));
  if (now !== null && now.mode !== "take") {
    sessionStorage.setItem(IN_TALK, JSON.stringify(now));
  } else if (now === null) {
    sessionStorage.removeItem(IN_TALK);
    if (was !== null && (type === "snapshot" || told.reason === "lost")) void asked("monitor", was, AUDIO_MS);
  }
});

/** Why a third party or a called number did not come, in words. */
export function reasonOf(reason: string): string {
  const known = new Set(["declined", "no_answer", "gone", "busy", "failed", "cancelled"]);
  return t(`line.reason.${known.has(reason) ? reason : "failed"}` as LineKey);
}

// --- this seat's settings

effect(() => void phone.playThrough(output.value));
effect(() => {
  ringer.volume = ringVolume.value;
});
effect(() => {
  // Before the first click the browser lets no page make sound; the choice is then made with the first ring.
  if (ringOutput.value !== "" || ringing.value) void ringer.ringAt(ringOutput.value);
});

/** Answer without a click, after a tone; never with a microphone that does not work: the caller would hear nobody. */
effect(() => {
  if (!ringing.value || !autoAnswer.value || microphone.state.value !== "ready") {
    answersAt.value = null;
    return undefined;
  }
  const id = desk.peek().contact?.id;
  answersAt.value = untracked(now) + AUTO_MS / 1000;
  const timer = setTimeout(() => {
    if (ringing.peek() && desk.peek().contact?.id === id) accept();
  }, AUTO_MS);
  return () => clearTimeout(timer);
});

/** Audio that is gone is asked for again: after a reload, a crash, a network that was away. */
const voiceless = computed(() => {
  const contact = desk.value.contact;
  const phase = contact?.phase;
  const talks = phase === "connected" || phase === "held" || phase === "connecting";
  const silent = phone.state.value === "idle" || phone.state.value === "lost";
  return link.value === "open" && desk.value.ready && talks && silent ? (contact?.id ?? "") : "";
});
const REFUSALS = 3;
let deaf = "";
let backAt = 0;

effect(() => {
  if (link.value === "open" && desk.value.ready) backAt ||= performance.now();
  else backAt = 0;
});
effect(() => {
  const id = voiceless.value;
  if (id === "" || id === deaf) return undefined;
  const soon = phone.state.peek() === "lost" || performance.now() - backAt < BACK_MS;
  let refusals = 0;
  let timer = setTimeout(again, soon ? REATTACH_MS : OFFER_MS);
  async function again(): Promise<void> {
    timer = setTimeout(again, REATTACH_AGAIN_MS);
    try {
      await request("reattach", { contact_id: id }, AUDIO_MS);
    } catch (error) {
      // Refused again and again: the call is on a desk phone, or is not this agent's any more.
      if (error instanceof RequestError && error.kind === "refused" && ++refusals === REFUSALS) {
        deaf = id;
        clearTimeout(timer);
      }
    }
  }
  return () => clearTimeout(timer);
});
