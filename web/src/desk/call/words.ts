import { language, t as base, type Key } from "../../i18n";
import { deskCallEn, type LineKey } from "../../i18n/desk-call-en";
import { deskCallZh } from "../../i18n/desk-call-zh";

export type { LineKey } from "../../i18n/desk-call-en";

const CATALOGUES = { zh: deskCallZh, en: deskCallEn };

/** The words of a key of the bar or of all pages, in the language of the page, with `{name}` replaced. */
export function t(key: LineKey | Key, values: Record<string, string | number> = {}): string {
  const own = (CATALOGUES[language.value] as Record<string, string>)[key];
  if (own === undefined) return base(key as Key, values);
  return own.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
