import { clock, day, language } from "../i18n";
import { qualityEn, type QualityKey } from "../i18n/quality-en";
import { qualityZh } from "../i18n/quality-zh";
import { ownWords } from "../i18n/own";

export type { QualityKey } from "../i18n/quality-en";

export const { t, called } = ownWords<QualityKey>({ zh: qualityZh, en: qualityEn });

/** A text in two languages: the page's, else the one that is there. */
export function textOf(text: Readonly<Record<string, string>> | string | null | undefined): string {
  if (typeof text === "string" || text === null || text === undefined) return text ?? "";
  return text[language.value] || text["en"] || text["zh"] || Object.values(text)[0] || "";
}

/** Epoch seconds of what the server gives as seconds or as ISO 8601; null for neither. */
export function seconds(at: string | number | null | undefined): number | null {
  if (typeof at === "number") return at;
  const found = typeof at === "string" ? Date.parse(at) / 1000 : NaN;
  return Number.isNaN(found) ? null : found;
}

/** When: the time of today, day and time this year, else with the year. */
export function when(at: string | number | null | undefined, now = Date.now() / 1000): string {
  const found = seconds(at);
  if (found === null) return "";
  const year = new Date(found * 1000).getFullYear();
  const same = year === new Date(now * 1000).getFullYear();
  if (same && day(found) === day(now)) return clock(found);
  return `${same ? "" : `${year}-`}${day(found)} ${clock(found)}`;
}
