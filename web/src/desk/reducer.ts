import type { ServerMessage } from "../net/envelope";
import type { AgentWhy } from "../ui/why";
import { consultOf, dialledOf, directoryOf, monitoredOf, recordingOf } from "./call/line";
import {
  EMPTY,
  type Agent,
  type Alert,
  type Contact,
  type DeskSettings,
  type DeskState,
  type Handover,
  type Hint,
  type MediaState,
  type Queue,
  type RingEnd,
  type Talk,
  type Told,
  type Trigger,
  type Turn,
} from "./model";

const MOST_HINTS = 20;
const MOST_TRIGGERS = 50;
const MOST_ALERTS = 3;

type Data = Record<string, unknown>;

/** The desk after `message`. Unknown types change nothing; the same state comes back, so that nothing is drawn again. */
export function reduce(state: DeskState, message: ServerMessage): DeskState {
  const data = (message.data ?? {}) as Data;
  switch (message.type) {
    case "snapshot":
      return snapshot(data);
    case "agent":
      return withAgent(state, data as unknown as Agent, message.at ?? 0);
    case "told":
      return { ...state, told: { ...(data as unknown as Told), at: message.at ?? 0 } };
    case "explained":
      return { ...state, explained: data as unknown as AgentWhy };
    case "queues":
      return { ...state, queues: queuesOf(data) };
    case "contact":
      return withContact(state, contactOf(data));
    case "turn":
      return withTurn(state, data);
    case "ring":
      return { ...state, ring: ringOf(data) };
    case "ring_stopped":
      return withRingEnd(state, String(data["contact_id"]), data["reason"] as RingEnd);
    case "media_offer":
      return { ...state, media: { leg_id: String(data["leg_id"]), state: "connecting" } };
    case "media":
      return withMedia(state, String(data["leg_id"]), data["state"] as MediaState);
    case "measures":
      return withHandover(state, data, () => ({ talk: data["talk"] as Talk }));
    case "hint":
      return withHandover(state, data, ({ hints }) => ({ hints: added(hints, data["hint"] as Hint, MOST_HINTS) }));
    case "trigger":
      return withHandover(state, data, ({ triggers }) => ({ triggers: added(triggers, data["trigger"] as Trigger, MOST_TRIGGERS) }));
    case "consult":
      return withConsult(state, data);
    case "recording":
      return data["contact_id"] === state.contact?.id ? { ...state, recording: recordingOf(data["state"]) } : state;
    case "dialled":
      return { ...state, dialled: dialledOf(data) };
    case "monitor":
      return { ...state, monitor: monitoredOf(data) };
    case "directory":
      return { ...state, directory: directoryOf(data) };
    case "alert":
      return { ...state, alerts: [...state.alerts, data as unknown as Alert].slice(-MOST_ALERTS) };
    default:
      return state;
  }
}

function snapshot(data: Data): DeskState {
  const contact = data["contact"] ? contactOf(data["contact"] as Data) : null;
  return {
    ...EMPTY,
    ready: true,
    agent: (data["agent"] as Agent | undefined) ?? null,
    queues: Array.isArray(data["queues"]) ? (data["queues"] as Queue[]) : [],
    contact: contact?.phase === "ended" ? null : contact,
    ring: data["ring"] ? ringOf(data["ring"] as Data) : null,
    settings: { ...EMPTY.settings, ...(data["settings"] as Partial<DeskSettings> | undefined) },
    consult: consultOf(data["consult"], null),
    recording: recordingOf(data["recording"]),
    monitor: monitoredOf(data["monitor"]),
  };
}

function withAgent(state: DeskState, agent: Agent, at: number): DeskState {
  const wrapUpOver = state.contact?.phase === "wrap_up" && agent.state !== "wrap_up" && agent.state !== "in_call";
  return { ...state, agent, contact: wrapUpOver ? null : state.contact, told: toldOf(state, agent, at), explained: agent.state === state.agent?.state ? state.explained : null };
}

/** What was told is about a state, which the next one settles; a broadcast or a task stays until it is closed. */
const chosen = (told: Told | null): boolean => told?.kind === "state" || told?.kind === "healed";

/** A state that somebody else chose is said; one that this agent chose takes it away. */
function toldOf(state: DeskState, agent: Agent, at: number): Told | null {
  const { state: name, reason, by = "" } = agent;
  const before = state.agent;
  if (before !== null && before.state === name && before.reason === reason && (before.by ?? "") === by) return state.told;
  if (by === "") return name === before?.state || !chosen(state.told) ? state.told : null;
  const ordered = name === "available" ? before?.state === "break" || before?.state === "offline" : name === "break" || name === "offline";
  return ordered ? { at, kind: "state", state: name, reason, by } : state.told;
}

/** Accepts a bare list too: `data` of `queues` is a list. */
function queuesOf(data: unknown): Queue[] {
  if (Array.isArray(data)) return data as Queue[];
  const inner = (data as Data)["queues"];
  return Array.isArray(inner) ? (inner as Queue[]) : [];
}

function contactOf(data: Data): Contact | null {
  const inner = "contact" in data ? (data["contact"] as Data | null) : data;
  if (inner === null || typeof inner["id"] !== "string") return null;
  const contact = inner as unknown as Contact;
  return {
    ...contact,
    caller: contact.caller ?? { number: "", name: "", authenticated: false },
    profile: contact.profile ?? {},
    handover: contact.handover ?? {},
    intent: contact.intent ?? null,
    slots: contact.slots ?? {},
    tags: contact.tags ?? [],
    needs: contact.needs ?? {},
    turns: contact.turns ?? [],
  };
}

function withContact(state: DeskState, contact: Contact | null): DeskState {
  if (contact === null) return { ...state, ...NO_CALL, contact: null, ring: null };
  if (contact.phase === "ended") {
    if (state.contact !== null && state.contact.id !== contact.id) return state;
    return { ...state, ...NO_CALL, contact: null, ring: null, lastEnd: { contact_id: contact.id, reason: "ended" } };
  }
  const known = state.contact?.id === contact.id ? state.contact.turns : [];
  const turns = contact.turns.length >= known.length ? contact.turns : known;
  const over = state.contact?.id !== contact.id || contact.phase === "wrap_up" ? NO_CALL : {};
  return { ...state, ...over, contact: { ...contact, turns }, lastEnd: null };
}

/** What belongs to one talk and goes with it. */
const NO_CALL = { consult: null, recording: "off" } as const;

function withConsult(state: DeskState, data: Data): DeskState {
  return data["contact_id"] === state.contact?.id ? { ...state, consult: consultOf(data, state.consult) } : state;
}

function withTurn(state: DeskState, data: Data): DeskState {
  const contact = state.contact;
  if (contact === null || contact.id !== data["contact_id"]) return state;
  const index = Math.min(Number(data["index"] ?? contact.turns.length), contact.turns.length);
  const turns = contact.turns.slice();
  turns[index] = data["turn"] as Turn;
  return { ...state, contact: { ...contact, turns } };
}

/** What came while two talk, in the place where a snapshot has it. */
function withHandover(state: DeskState, data: Data, change: (before: Handover) => Handover): DeskState {
  const contact = state.contact;
  if (contact === null || contact.id !== data["contact_id"]) return state;
  return { ...state, contact: { ...contact, handover: { ...contact.handover, ...change(contact.handover) } } };
}

/** The list with one more; the same one again (a ticket got its number) takes its own place. */
function added<One extends { at: number; name: string }>(list: One[] | undefined, one: One, most: number): One[] {
  const before = (list ?? []).filter((other) => other.at !== one.at || other.name !== one.name);
  return [...before, one].slice(-most);
}

function ringOf(data: Data): DeskState["ring"] {
  return { contact_id: String(data["contact_id"]), until: Number(data["until"]) };
}

function withRingEnd(state: DeskState, contactId: string, reason: RingEnd): DeskState {
  const ring = state.ring?.contact_id === contactId ? null : state.ring;
  if (reason === "accepted" || state.contact?.id !== contactId) return { ...state, ring };
  return { ...state, ring, contact: null, lastEnd: { contact_id: contactId, reason } };
}

function withMedia(state: DeskState, legId: string, media: MediaState): DeskState {
  if (state.media.leg_id !== "" && state.media.leg_id !== legId) return state;
  return { ...state, media: { leg_id: legId, state: media } };
}
