/** What answers are worth and how they are said. Pure; the server's own arithmetic stays with the server (`Score`). */
import type { Answer, Card, Question, Score, Section, Value } from "./model";
import { t, textOf } from "./words";

export const NA = "na";
export const SCALE = [1, 2, 3, 4, 5] as const;

export type Kind = "good" | "waiting" | "attention" | "danger" | "";

/** The values that a question may have, in the order in which they are offered. */
export function valuesOf(question: Question): (string | number)[] {
  const own = question.kind === "yes_no" ? ["yes", "no"] : question.kind === "scale" ? [...SCALE] : question.choices.map((one) => one.name);
  return question.not_applicable ? [...own, NA] : own;
}

/** 0..1 of the weight; null where it counts for nothing: open or not applicable. */
export function earned(question: Question, value: Value): number | null {
  if (value === null || value === NA) return null;
  if (question.kind === "yes_no") return value === "yes" ? 1 : 0;
  if (question.kind === "scale") return typeof value === "number" ? (value - 1) / 4 : null;
  return question.choices.find((one) => one.name === value)?.points ?? null;
}

/** How an answer is coloured: all, most, some, or a fatal nothing. */
export function kindOf(question: Question, value: Value): Kind {
  const points = earned(question, value);
  if (points === null) return "";
  if (question.fatal && points === 0) return "danger";
  return points >= 0.75 ? "good" : points > 0.25 ? "waiting" : "attention";
}

export function valueWords(question: Question, value: Value): string {
  if (value === null) return t("value.open");
  if (value === NA) return t("value.na");
  if (question.kind === "yes_no") return t(value === "yes" ? "value.yes" : "value.no");
  if (question.kind === "scale") return `${value} / 5`;
  return textOf(question.choices.find((one) => one.name === value)?.title) || String(value);
}

export function questionsOf(card: Card): Question[] {
  return card.sections.flatMap((section) => section.questions);
}

/** Share of the points of a section that were reached, 0..1; null where nothing in it counts. */
export function sectionShare(section: Section, answers: Readonly<Record<string, Answer>>): number | null {
  let reached = 0;
  let whole = 0;
  for (const question of section.questions) {
    const points = earned(question, answers[question.name]?.value ?? null);
    if (points === null) continue;
    reached += points * question.weight;
    whole += question.weight;
  }
  return whole === 0 ? null : reached / whole;
}

export function scoreKind(score: Score): Kind {
  if (score.score === null) return "";
  if (score.fatal.length > 0) return "danger";
  if (score.passed === null) return "";
  return score.passed ? "good" : "attention";
}

/** A number of points as it is read: 84, 7.5, – for none. */
export function points(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const rounded = Math.round(value * 10) / 10;
  return Number.isInteger(rounded) ? String(rounded) : rounded.toFixed(1);
}

export function percent(share: number | null): string {
  return share === null ? "–" : `${Math.round(share * 100)} %`;
}
