import type { Contact, Turn } from "./model";

export type Row = { kind: "turn"; turn: Turn; index: number } | { kind: "queued" | "answered"; at: number };

/** Turns in their order, with the moments of queueing and answering between them. */
export function timeline(contact: Contact): Row[] {
  const marks: Row[] = [];
  if (contact.queued_at) marks.push({ kind: "queued", at: contact.queued_at });
  if (contact.answered_at) marks.push({ kind: "answered", at: contact.answered_at });
  const rows: Row[] = [];
  contact.turns.forEach((turn, index) => {
    while (marks[0] !== undefined && "at" in marks[0] && marks[0].at < turn.at) rows.push(marks.shift()!);
    rows.push({ kind: "turn", turn, index });
  });
  return [...rows, ...marks];
}

/** Below this the agent should ask again before acting on it. */
export const UNSURE = 0.6;
