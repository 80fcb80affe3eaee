import { language, t as base, type Key } from "../i18n";
import { adminEn, type AdminKey } from "../i18n/admin-en";
import { adminZh } from "../i18n/admin-zh";

export type { AdminKey } from "../i18n/admin-en";

const CATALOGUES = { zh: adminZh, en: adminEn };

/** The words of a key of these pages or of all pages, in the language of the page, with `{name}` replaced. */
export function t(key: AdminKey | Key, values: Record<string, string | number> = {}): string {
  const own = CATALOGUES[language.value] as Record<string, string>;
  const text = own[key];
  if (text === undefined) return base(key as Key, values);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Words for something that the server named: the catalogue's where it has them, else the name as it is. */
export function called(prefix: string, name: string): string {
  const key = `${prefix}.${name}`;
  return key in adminEn ? t(key as AdminKey) : name.replaceAll("_", " ");
}

/** Day and clock time of server seconds: 2026-01-31 14:03. */
export function moment(at: number): string {
  const date = new Date(at * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** How long ago, roughly. */
export function ago(at: number): string {
  const seconds = Date.now() / 1000 - at;
  if (seconds < 60) return t("admin.now");
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
  if (seconds < 3600) return format.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86400) return format.format(-Math.round(seconds / 3600), "hour");
  return seconds < 86400 * 30 ? format.format(-Math.round(seconds / 86400), "day") : moment(at).slice(0, 10);
}

/** Whether the catalogue has words for a key. */
export function adminKnows(key: string): boolean {
  return key in adminEn;
}
