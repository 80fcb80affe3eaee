import { LevelProbe } from "./level";
import type { Microphone } from "./microphone";
import type { Phone } from "./phone";

/** What `?debug=1` puts at `window.hotline`: figures for tests, nothing else. */
export interface Debug {
  /** Of the remote sound, the last 170 ms or so: decibels below a full-scale sine at `frequency` Hz, and the RMS in 0..1. */
  level(frequency: number): { db: number; rms: number };
  /** Name to milliseconds since the epoch, of the latest such event. */
  events: Record<string, number>;
  /** Every event in order. */
  log: { name: string; at: number; detail: string }[];
  phone: Phone;
  microphone?: Microphone;
}

declare global {
  interface Window {
    hotline?: Debug;
  }
}

export function installDebug(phone: Phone, microphone?: Microphone): void {
  if (new URLSearchParams(location.search).get("debug") !== "1") return;
  let probe: LevelProbe | null = null;
  phone.remote.subscribe((stream) => {
    probe?.close();
    probe = stream === null ? null : new LevelProbe(stream, 8192);
  });
  window.hotline = {
    level: (frequency) => ({ db: probe?.tone(frequency) ?? -120, rms: probe?.rms() ?? 0 }),
    events: {},
    log: [],
    phone,
    ...(microphone !== undefined && { microphone }),
  };
}

/** Note that something happened now, where the debug hook is on. */
export function mark(name: string, detail = ""): void {
  const debug = window.hotline;
  if (debug === undefined) return;
  const at = Date.now();
  debug.events[name] = at;
  debug.log.push({ name, at, detail });
}
