import type { JSX } from "preact";
import { length } from "../i18n";
import { sparks } from "./figures";
import type { Call, Mood, Point } from "./model";
import { now } from "./store";
import { t } from "./words";

/** How long since then, counting. */
export function Since({ at }: { at: number }): JSX.Element {
  return <time class="figures">{length(now.value - at)}</time>;
}

const MOOD_SHAPE: Record<Mood, string> = { calm: "good", tense: "waiting", angry: "danger", "": "" };

/** A caller's mood as a shape and a word. */
export function MoodMark({ mood, trend = "", bare = false }: { mood: Mood; trend?: Call["mood_trend"]; bare?: boolean }): JSX.Element | null {
  if (mood === "") return null;
  const words = t(`wall.mood.${mood}`) + (trend === "rising" ? " ↑" : trend === "falling" ? " ↓" : "");
  return (
    <span class={`mood ${MOOD_SHAPE[mood]}`} title={t(`wall.mood.${mood}`)} data-mood={mood}>
      <span class={`shape ${MOOD_SHAPE[mood]}`} aria-hidden="true" />
      <span class={bare ? "unseen" : ""}>{words}</span>
    </span>
  );
}

const WIDTH = 120;
const HEIGHT = 28;

/** Today's line over the pale one of last week. */
export function Spark({ today, before, name }: { today: readonly Point[]; before: readonly Point[]; name: string }): JSX.Element {
  const [line, ghost] = sparks(today, before, name, WIDTH, HEIGHT);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {ghost.path !== "" && <path class="ghost" d={ghost.path} />}
      {line.path !== "" && <path class="line" d={line.path} />}
    </svg>
  );
}
