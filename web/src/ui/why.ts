import { language, length, named, t, type Key } from "../i18n";

/** What `/api/v1/agents/ID/explain` and the desk's `explained` say (docs/queues.md). */
export interface Obstacle {
  code: string;
  values: Record<string, unknown>;
}

export interface AgentWhy {
  agent: string;
  name: string;
  state: string;
  reason: string;
  by: string;
  since: number;
  until: number | null;
  wanted: string;
  verdict: string;
  waiting: number;
  fitting: number;
  ahead: number;
  missed: number;
  declined: number;
  served: number;
  held: string[];
  contacts: { contact: string; queue: string; waited: number; obstacle: Obstacle }[];
  at: number;
  devices: { kind: string; where: string }[];
  breaks: { id: string; from: number; until: number; reason: string; by: string }[];
}

export interface Considered {
  agent: string;
  name: string;
  state: string;
  obstacle: Obstacle;
  cost: number | null;
  rank: number | null;
}

export interface ContactWhy {
  contact: string;
  queue: string;
  channel: string;
  state: string;
  verdict: string;
  agent: string;
  why: string;
  waited: number;
  before: number;
  priority: number;
  needs: Record<string, number>;
  language: string;
  teams: string[];
  sites: string[];
  step: number;
  steps: number;
  next_step: number | null;
  preferred: string[];
  preferred_for: number;
  only: string[];
  strategy: string;
  fitting: number;
  on_duty: number;
  free: number;
  agents: Considered[];
}

type Name = (reason: string) => string;

const plain: Name = (reason) => named("reason", reason);

/** Why no call comes, in one sentence. */
export function agentVerdict(why: AgentWhy, name: Name = plain): string {
  const words = t(`why.agent.${why.verdict}` as Key, { n: why.waiting, fitting: why.fitting, ahead: why.ahead });
  return why.verdict === "break" || why.verdict === "offline" ? withReason(words, why.reason, name) : words;
}

/** Why a contact waits, in one sentence. */
export function contactVerdict(why: Pick<ContactWhy, "verdict" | "agent" | "before" | "fitting" | "on_duty" | "preferred">): string {
  return t(`why.contact.${why.verdict}` as Key, {
    agent: why.agent,
    n: why.before,
    fitting: why.fitting,
    on_duty: why.on_duty,
    preferred: why.preferred.join(", "),
  });
}

/** What is in the way of one agent and one contact. */
export function obstacleWords(obstacle: Obstacle, name: Name = plain): string {
  const values: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(obstacle.values)) {
    values[key] = Array.isArray(value) ? value.join(", ") : typeof value === "number" || typeof value === "string" ? value : String(value ?? "");
  }
  if (obstacle.code === "state") {
    const state = t(`state.${String(values["state"])}` as Key);
    return t("why.state", { state: withReason(state, String(values["reason"] ?? ""), name), time: length(Number(values["seconds"] ?? 0)) });
  }
  if (obstacle.code === "skill" && values["has"] === 0) values["has"] = t("why.none");
  if ((obstacle.code === "team" || obstacle.code === "site") && values["has"] === "") values["has"] = t("why.none");
  if ("seconds" in values) values["seconds"] = Math.ceil(Number(values["seconds"]));
  return t(`why.${obstacle.code}` as Key, values);
}

function withReason(words: string, reason: string, name: Name): string {
  return reason === "" ? words : `${words} (${name(reason)})`;
}

/** A reason that a house has given a name of its own. */
export interface Reason {
  name: string;
  zh: string;
  en: string;
}

/** What the house calls a reason, in the language of the page. */
export function reasonIn(reasons: readonly Reason[], name: string): string {
  const found = reasons.find((one) => one.name === name);
  return found?.[language.value] || named("reason", name);
}

/** Who asked for a state. */
export function byWhom(by: string): string {
  return by === "system" ? t("by.system") : by === "schedule" ? t("by.schedule") : by;
}
