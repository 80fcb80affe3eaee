import { signal } from "@preact/signals";
import { reasonIn, type ContactWhy, type Reason } from "../../ui/why";
import { ask } from "../api";

/** What `GET /api/v1/queues` says (docs/queues.md). */
export interface Agent {
  id: string;
  name: string;
  state: string;
  reason: string;
  by: string;
  since: number;
  until: number | null;
  wanted: string;
  held: string[];
  served: number;
  missed: number;
  on_duty: boolean;
  devices: { kind: string; where: string }[];
  team: string;
  site: string;
}

export type Waiting = Omit<ContactWhy, "agents"> & { since: number };

export interface Queue {
  name: string;
  strategy: string;
  waiting: number;
  longest_since: number | null;
  /** Seconds that who comes now will wait, as far as anybody can tell. */
  estimated_wait?: number | null;
  contacts: Waiting[];
}

export interface Live {
  at: number;
  queues: Queue[];
  agents: Agent[];
  totals: Record<string, number>;
  reasons: Reason[];
}

const EVERY_MS = 3000;
/** An answer that takes longer is given up. */
const LONGEST_MS = 10_000;

export const live = signal<Live | null>(null);
export const failed = signal<unknown>(null);
/** Server seconds now: moves once a second while the page is open. */
export const now = signal(0);
let ahead = 0;
let asked = 0;

export async function read(): Promise<void> {
  asked += 1;
  try {
    const found = await ask<Live>("GET", "/api/v1/queues", undefined, AbortSignal.timeout(LONGEST_MS));
    if (found.at < (live.value?.at ?? 0)) return; // a later question was answered sooner
    ahead = found.at - Date.now() / 1000;
    now.value = found.at;
    live.value = found;
    failed.value = null;
  } catch (error) {
    failed.value = error;
  } finally {
    asked -= 1;
  }
}

/** Read again and again while somebody looks, one answer after the other; returns the end of it. */
export function follow(): () => void {
  void read();
  const reading = setInterval(() => {
    if (document.visibilityState === "visible" && asked === 0) void read();
  }, EVERY_MS);
  const counting = setInterval(() => (now.value = Date.now() / 1000 + ahead), 1000);
  return () => {
    clearInterval(reading);
    clearInterval(counting);
  };
}

export async function order(agent: string, state: string, reason: string): Promise<void> {
  await ask("POST", `/api/v1/agents/${encodeURIComponent(agent)}/state`, { state, reason });
  await read();
}

/** What this house calls a reason. */
export function reasonName(name: string): string {
  return reasonIn(live.value?.reasons ?? [], name);
}
