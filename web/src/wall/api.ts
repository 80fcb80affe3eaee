/** The plain requests of the wallboard (docs/wall.md, docs/queues.md). */

import { ask as plainly } from "../net/ask";

const ask = <Answer>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<Answer> =>
  plainly<Answer>(method, `/api/v1${path}`, body);

const id = encodeURIComponent;

export interface Me {
  id: string;
  name: string;
  roles?: string[];
}

export interface Standing {
  drained: Record<string, { to: string; by: string; at: number; until: number }>;
  lent: Record<string, { skills: Record<string, number>; by: string; at: number; until: number }>;
}

export interface History {
  queue: string;
  day: string;
  step: number;
  now: number;
  today: { second: number }[];
  before: { second: number }[];
}

export const me = (): Promise<Me> => ask("GET", "/me");
export const standing = (): Promise<Standing> => ask("GET", "/orders");
export const move = (call: string, to: string, priority: number | null): Promise<unknown> =>
  ask("POST", `/contacts/${id(call)}/move`, priority === null ? { to } : { to, priority });
export const explain = (call: string): Promise<Record<string, unknown>> => ask("GET", `/contacts/${id(call)}/explain`);
export const drain = (queue: string, to: string, seconds: number, moving: boolean): Promise<{ moved: number; failed: number }> =>
  ask("POST", `/queues/${id(queue)}/drain`, { to, seconds, move: moving });
export const reopen = (queue: string): Promise<unknown> => ask("DELETE", `/queues/${id(queue)}/drain`);
export const force = (agent: string, state: string, reason: string, seconds: number): Promise<unknown> =>
  ask("POST", `/agents/${id(agent)}/state`, { state, reason, seconds });
export const lend = (agent: string, skills: Record<string, number>, seconds: number): Promise<unknown> =>
  ask("POST", `/agents/${id(agent)}/skills`, { skills, seconds });
export const giveBack = (agent: string): Promise<unknown> => ask("DELETE", `/agents/${id(agent)}/skills`);
export const broadcast = (text: string, level: string, agents: string[], teams: string[]): Promise<{ told: string[]; away: string[] }> =>
  ask("POST", "/broadcasts", { text, level, agents, teams });
export const history = (queue: string, day: string, step: number, weeks: number): Promise<History> =>
  ask("GET", `/wall/history?${new URLSearchParams({ queue, day, step: String(step), weeks: String(weeks) })}`);
