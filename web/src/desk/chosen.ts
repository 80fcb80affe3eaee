import { t } from "../i18n";
import type { Key } from "../i18n/en";

/** What a queue says of why an agent was chosen, part by part, to the words of the page. */
const PARTS: Readonly<Record<string, Key>> = {
  "asked for in person": "chosen.in_person",
  preferred: "chosen.preferred",
  "first to be free": "chosen.first_free",
  "idle longest": "chosen.longest_idle",
  "most skilled": "chosen.most_skilled",
  "least skilled that fits": "chosen.least_skilled",
  "next in turn": "chosen.round_robin",
  "fewest calls": "chosen.fewest_calls",
  "least occupied": "chosen.least_occupied",
  "drawn by weight": "chosen.weighted_random",
  "first in order": "chosen.sequential",
  "all are rung": "chosen.ring_all",
};

/** "telecom 5, idle longest" in the language of the page; skills, and names of a house's own strategies, stay as they are. */
export function chosen(why: string): string {
  return why.split(", ").map(part).join(t("chosen.join"));
}

function part(words: string): string {
  const key = PARTS[words];
  if (key !== undefined) return t(key);
  const relaxed = /^needs relaxed (\d+) of (\d+)$/.exec(words);
  if (relaxed) return t("chosen.relaxed", { step: relaxed[1] ?? "", of: relaxed[2] ?? "" });
  const place = /^(team|site) (.+)$/.exec(words);
  if (place) return t(place[1] === "team" ? "chosen.team" : "chosen.site", { name: place[2] ?? "" });
  return words;
}
