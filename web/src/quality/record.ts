/** What the record of a contact says beside its sound, for the modules of a scene. Pure. */
import type { Contact as OnDesk } from "../desk/model";
import { sceneOf, type Book, type Scene } from "../desk/side/book";
import type { Turn } from "./player/model";
import { seconds } from "./words";

/** A contact as `GET /api/v1/contacts/ID` gives it, as far as this page draws it. */
export interface Whole {
  id: string;
  channel: string;
  caller_number: string;
  caller_name: string;
  language: string;
  queue: string | null;
  agent_id: string | null;
  started_at: string | number;
  queued_at: string | number | null;
  connected_at: string | number | null;
  ended_at: string | number | null;
  wait_seconds: number | null;
  talk_seconds: number | null;
  disposition: string;
  end_cause: string | null;
  intent: string | null;
  intent_confidence: number | null;
  slots: Record<string, unknown>;
  tags: string[];
  profile: { name?: string; tier?: string; products?: string[] };
  note: string;
  agent_disposition: string | null;
  handover: { note?: string; summary?: string; facts?: Record<string, unknown>; mood?: string };
  turns: { index: number; at: string | number; speaker: string; text: string; language: string; mood: string; confidence: number | null; medium: string }[];
}

export interface Work {
  marks: { kind: string; name: string; value: string; at: number }[];
}

export interface Past {
  id: string;
  kind: string;
  at: number;
  title: string;
  result: string;
  agent: string;
}

const SCORECARD = "scorecard";
const COACHING = "coaching";

/** The modules beside the player: those of the scene for a judge and this contact; card and notes are in each. */
export function modulesFor(book: Book, whole: Whole | null): { who: string[]; do: string[] } {
  const scene: Pick<Scene, "who" | "do"> = whole === null ? { who: [], do: [] } : sceneOf(book, onDesk(whole), ["quality"]);
  const there = [...scene.who, ...scene.do];
  const first = there.includes(SCORECARD) ? [] : [SCORECARD];
  const last = there.includes(COACHING) ? [] : [COACHING];
  return { who: scene.who, do: [...first, ...scene.do, ...last] };
}

/** As much of a contact on a desk as scenes ask for. */
function onDesk(whole: Whole): OnDesk {
  const { channel, queue, intent, tags, language, profile, handover } = whole;
  return { channel, queue: queue ?? "", intent: intent === null ? null : { name: intent }, tags, language, profile, handover } as unknown as OnDesk;
}

/** What the handed-over facts and the slots are, as rows of name and value. */
export function factsOf(whole: Whole): [string, string][] {
  const all = { ...whole.slots, ...whole.handover.facts };
  return Object.entries(all)
    .filter(([, value]) => value !== null && value !== "" && typeof value !== "object")
    .map(([name, value]) => [name.replaceAll("_", " "), String(value)]);
}

/** Second at which a turn begins: where the player hears it, else when its words were known. */
export function beginOf(turn: Whole["turns"][number], heard: readonly Turn[], whole: Whole): number | null {
  return heard.find(({ index }) => index === turn.index)?.from ?? secondOf(turn.at, whole);
}

/** Second of the timeline of something that happened at a time. */
export function secondOf(at: string | number, whole: Whole): number | null {
  const then = seconds(at);
  const began = seconds(whole.started_at);
  return then === null || began === null ? null : Math.max(0, then - began);
}
