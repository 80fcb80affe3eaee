import type { Contact, Trigger, Turn } from "./model";

export interface TurnLine {
  kind: "turn";
  turn: Turn;
  index: number;
  /** Keys that were pressed one after another, as one: "4 8 2 1 #". */
  keys: string;
  /** False for the words of another agent, who had the caller before. */
  mine: boolean;
  /** What was found in it. */
  triggers: Trigger[];
}

export type Row = TurnLine | { kind: "queued" | "answered"; at: number };

/** Turns in their order, with the moments of queueing and answering between them; keys in a row are one line. */
export function timeline(contact: Contact): Row[] {
  const marks: Row[] = [];
  if (contact.queued_at) marks.push({ kind: "queued", at: contact.queued_at });
  const since = yoursSince(contact);
  if (since !== null) marks.push({ kind: "answered", at: since });
  const triggers = contact.handover.triggers ?? [];
  const rows: Row[] = [];
  contact.turns.forEach((turn, index) => {
    while (marks[0] !== undefined && "at" in marks[0] && marks[0].at < turn.at) rows.push(marks.shift()!);
    const found = triggers.filter((one) => one.turn === index);
    const last = rows.at(-1);
    if (last?.kind === "turn" && follows(last, turn)) {
      last.keys = `${last.keys} ${turn.text}`;
      last.triggers.push(...found);
    } else {
      rows.push({ kind: "turn", turn, index, keys: turn.medium === "keys" ? turn.text : "", mine: since !== null && turn.at >= since, triggers: found });
    }
  });
  return [...rows, ...marks];
}

/** Since when this agent has the caller; null before, and for who is only asked. */
export function yoursSince({ yours_since, answered_at }: Contact): number | null {
  return yours_since === undefined ? answered_at : yours_since;
}

/** Keys of the same person that belong to the keys before them. */
function follows(last: TurnLine, turn: Turn): boolean {
  return last.keys !== "" && turn.medium === "keys" && turn.speaker === last.turn.speaker;
}

/** Below this the agent should ask again before acting on it. */
export const UNSURE = 0.6;
