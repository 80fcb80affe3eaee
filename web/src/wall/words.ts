import { language, t as base, type Key } from "../i18n";
import { wallEn, type WallKey } from "../i18n/wall-en";
import { wallZh } from "../i18n/wall-zh";

export type { WallKey } from "../i18n/wall-en";

const CATALOGUES = { zh: wallZh, en: wallEn };

/** The words of a key of this page or of all pages, in the language of the page, with `{name}` replaced. */
export function t(key: WallKey | Key, values: Record<string, string | number> = {}): string {
  const text = (CATALOGUES[language.value] as Record<string, string>)[key];
  if (text === undefined) return base(key as Key, values);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
