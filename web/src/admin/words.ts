import { language } from "../i18n";
import { adminEn, type AdminKey } from "../i18n/admin-en";
import { adminZh } from "../i18n/admin-zh";
import { ownWords } from "../i18n/own";

export type { AdminKey } from "../i18n/admin-en";

export const { t, called } = ownWords<AdminKey>({ zh: adminZh, en: adminEn });

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
