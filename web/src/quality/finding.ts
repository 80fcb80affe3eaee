/** What is sought, as it stands in the address of the page. Pure. */
import type { Hit } from "./model";

export interface Asked {
  q: string;
  agent: string;
  queue: string;
  /** Days as the form has them: 2026-01-31. */
  from: string;
  to: string;
  speaker: string;
  mood: string;
  reviewed: string;
  most: string;
  /** The same days as seconds: their first and their last moment where the page is looked at. */
  since: number | null;
  until: number | null;
}

export function queryOf(query: URLSearchParams): Asked {
  const get = (name: string): string => query.get(name) ?? "";
  const [from, to] = [get("from"), get("to")];
  return {
    q: get("q"),
    agent: get("agent"),
    queue: get("queue"),
    from,
    to,
    speaker: get("speaker"),
    mood: get("mood"),
    reviewed: get("reviewed"),
    most: get("most"),
    since: moment(from, 0),
    until: moment(to, 1),
  };
}

/** Midnight with which a day begins, `after` days later: a day that changes its clock has 23 or 25 hours. */
function moment(day: string, after: number): number | null {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  if (year === undefined) return null;
  return new Date(Number(year), Number(month) - 1, Number(date) + after).getTime() / 1000;
}

/** Hits of the same contact under each other, contacts in the order of their first hit. */
export function grouped(hits: readonly Hit[]): { contact: Hit["contact"]; hits: Hit[] }[] {
  const found = new Map<string, { contact: Hit["contact"]; hits: Hit[] }>();
  for (const hit of hits) {
    const group = found.get(hit.contact.id);
    if (group === undefined) found.set(hit.contact.id, { contact: hit.contact, hits: [hit] });
    else if (!group.hits.some((one) => one.turn === hit.turn)) group.hits.push(hit);
  }
  for (const group of found.values()) group.hits.sort((a, b) => a.second - b.second);
  return [...found.values()];
}
