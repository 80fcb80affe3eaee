import type { ServerMessage } from "../net/envelope";
import { EMPTY, type Agent, type Alert, type AllFigures, type Call, type Figures, type Node, type Queue, type Trunk, type WallState } from "./model";

type Data = Record<string, unknown>;

/** A day of quarters; each comes again when it is corrected. */
const MOST_POINTS = 200;
/** Alerts that are over stay in sight for an hour. */
const CLOSED_SECONDS = 3600;
const MOST_ALERTS = 300;

/** The picture after one message. Rows that did not change stay the same objects, so that they need not be drawn again. */
export function reduceWall(state: WallState, message: ServerMessage): WallState {
  const data = message.data as Data;
  switch (message.type) {
    case "snapshot":
      return snapshot(data);
    case "queues":
      return { ...state, queues: changed(state.queues, data, "queues", (one: Queue) => one.name) };
    case "agents":
      return { ...state, agents: changed(state.agents, data, "agents", (one: Agent) => one.id) };
    case "calls":
      return { ...state, calls: changed(state.calls, data, "calls", (one: Call) => one.id) };
    case "trunks":
      return { ...state, trunks: changed(state.trunks, data, "trunks", (one: Trunk) => one.name) };
    case "nodes":
      return { ...state, nodes: changed(state.nodes, data, "nodes", (one: Node) => one.name) };
    case "figures":
      return { ...state, figures: { ...EMPTY.figures, ...(data as Partial<AllFigures>) } };
    case "point":
      return { ...state, points: withPoint(state.points, data) };
    case "alerts":
      return { ...state, alerts: alertsOf([...state.alerts, ...list<Alert>(data["alerts"])], message.at ?? 0) };
    case "day":
      return { ...state, day: String(data["day"] ?? ""), day_start: Number(data["day_start"] ?? 0), points: [] };
    case "stale":
      return { ...state, stale: staleOf(data["since"]) };
    default:
      return state;
  }
}

function staleOf(since: unknown): number | null {
  return typeof since === "number" ? since : null;
}

/**
 * What to draw next where `late` agents changed since they were drawn, the longest waiting first: `most` of them at a time, so that a
 * storm is many small pictures and no long one. Those that are drawn leave `late`. Who came or went is drawn with all others.
 */
export function paced(drawn: WallState, next: WallState, late: Set<string>, most: number): WallState {
  if (late.size <= most || !sameIds(drawn.agents, next.agents)) {
    late.clear();
    return next;
  }
  for (const id of [...late].slice(0, most)) late.delete(id);
  return { ...next, agents: next.agents.map((row, place) => (late.has(row.id) ? (drawn.agents[place] ?? row) : row)) };
}

function sameIds(before: Agent[], after: Agent[]): boolean {
  return before.length === after.length && before.every((row, place) => row.id === after[place]?.id);
}

function snapshot(data: Data): WallState {
  return {
    ready: true,
    day: String(data["day"] ?? ""),
    day_start: Number(data["day_start"] ?? 0),
    stale: staleOf(data["stale"]),
    queues: sorted(list<Queue>(data["queues"]), (one) => one.name),
    agents: sorted(list<Agent>(data["agents"]), (one) => one.id),
    calls: sorted(list<Call>(data["calls"]), (one) => one.id),
    trunks: sorted(list<Trunk>(data["trunks"]), (one) => one.name),
    nodes: sorted(list<Node>(data["nodes"]), (one) => one.name),
    figures: { ...EMPTY.figures, ...(data["figures"] as Partial<AllFigures> | undefined) },
    alerts: alertsOf(list<Alert>(data["alerts"]), 0),
    settings: { ...EMPTY.settings, ...(data["settings"] as object | undefined) },
    points: [],
  };
}

function list<One>(value: unknown): One[] {
  return Array.isArray(value) ? (value as One[]) : [];
}

function sorted<Row>(rows: Row[], key: (row: Row) => string): Row[] {
  return rows.slice().sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** Rows in the order of their keys, each replaced by the one that came, without those that are gone. */
function changed<Row>(rows: Row[], data: Data, name: string, key: (row: Row) => string): Row[] {
  const byKey = new Map(rows.map((row) => [key(row), row]));
  let fresh = false;
  for (const row of list<Row>(data[name])) {
    fresh ||= !byKey.has(key(row));
    byKey.set(key(row), row);
  }
  for (const gone of list<string>(data["gone"])) byKey.delete(gone);
  const all = [...byKey.values()];
  return fresh ? sorted(all, key) : all;
}

/** Open ones first, the gravest and the newest before the others; of the same alert the last word counts. */
function alertsOf(alerts: Alert[], now: number): Alert[] {
  const last = new Map(alerts.map((one) => [one.id, one]));
  const kept = [...last.values()].filter((one) => one.closed_at === null || now === 0 || now - one.closed_at < CLOSED_SECONDS);
  return kept.sort((a, b) => rank(a) - rank(b) || b.opened_at - a.opened_at).slice(0, MOST_ALERTS);
}

function rank(alert: Alert): number {
  if (alert.closed_at !== null) return 4;
  return (alert.acknowledged_at === null ? 0 : 2) + (alert.severity === "danger" ? 0 : 1);
}

function withPoint(points: WallState["points"], data: Data): WallState["points"] {
  const point = { second: Number(data["second"]), figures: (data["figures"] ?? {}) as Record<string, Figures> };
  const others = points.filter((one) => one.second !== point.second);
  return [...others, point].sort((a, b) => a.second - b.second).slice(-MOST_POINTS);
}
