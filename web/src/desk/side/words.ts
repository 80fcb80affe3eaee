import { language } from "../../i18n";
import { sideEn, type SideKey } from "../../i18n/desk-side-en";
import { sideZh } from "../../i18n/desk-side-zh";
import type { Words } from "../model";
import { fill } from "../../i18n/fill";

const CATALOGUES = { zh: sideZh, en: sideEn };

/** The words of a key, in the language of the page, with `{name}` replaced. */
export function s(key: SideKey, values: Record<string, string | number> = {}): string {
  return fill(CATALOGUES[language.value][key], values);
}

/** A text of the house in a language, the page's where none is named; else in whichever there is. */
export function told(words: Words | undefined, wanted: string = language.value): string {
  if (words === undefined || words === null) return "";
  if (typeof words === "string") return words;
  return words[wanted.split("-")[0] ?? ""] ?? words[language.value] ?? words[""] ?? Object.values(words)[0] ?? "";
}
