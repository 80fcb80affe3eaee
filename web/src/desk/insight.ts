import type { Handover, Hint, Talk, Words } from "./model";

export type Mood = "calm" | "tense" | "angry";
const MOODS: readonly string[] = ["calm", "tense", "angry"];
const TRENDS: readonly string[] = ["rising", "falling", "steady"];
const STEPS = 5;

export interface Feeling {
  mood: Mood;
  /** 0..5, how many of five steps are filled. */
  steps: number;
  trend: "rising" | "falling" | "steady" | "";
  why: Words[];
}

/** How the caller feels; null where nobody listened for it, or said it in a word that is not known here. */
export function feeling(handover: Handover): Feeling | null {
  const { mood = "", mood_level: level = 0, mood_trend: trend = "", mood_why: why = [] } = handover;
  if (!MOODS.includes(mood)) return null;
  return {
    mood: mood as Mood,
    steps: Math.max(0, Math.min(STEPS, Math.round(level * STEPS))),
    trend: TRENDS.includes(trend) ? (trend as Feeling["trend"]) : "",
    why,
  };
}

/** Words in the language of the page, else in whichever there is. */
export function said(words: Words | undefined, language: string): string {
  if (words === undefined || words === null) return "";
  return typeof words === "string" ? words : (words[language] ?? Object.values(words)[0] ?? "");
}

/** The advice to show: the last one, unless the person has put it away or a talk no longer goes on. */
export function advice(handover: Handover, putAway: number): Hint | null {
  const last = handover.hints?.at(-1) ?? null;
  return last !== null && last.at > putAway ? last : null;
}

export interface Shares {
  caller: number;
  agent: number;
  silence: number;
  over: number;
}

/** Parts of the talk in percent; caller, agent and silence are 100 together. Null before anybody could have spoken. */
export function shares(talk: Talk | undefined): Shares | null {
  if (talk === undefined || !(talk.seconds > 0)) return null;
  const silence = percent(talk.silence);
  const spoken = talk.caller.seconds + talk.agent.seconds;
  const caller = spoken > 0 ? Math.round(((100 - silence) * talk.caller.seconds) / spoken) : 0;
  const agent = spoken > 0 ? 100 - silence - caller : 0;
  return { caller, agent, silence: 100 - caller - agent, over: percent(talk.talk_over) };
}

function percent(share: number): number {
  return Math.max(0, Math.min(100, Math.round(share * 100)));
}
