import { clock, day, language, t as base, type Key } from "../i18n";
import { inboxEn, type InboxKey } from "../i18n/inbox-en";
import { inboxZh } from "../i18n/inbox-zh";

export type { InboxKey } from "../i18n/inbox-en";

const CATALOGUES = { zh: inboxZh, en: inboxEn };

/** The words of a key of the inbox or of all pages, in the language of the page, with `{name}` replaced. */
export function t(key: InboxKey | Key, values: Record<string, string | number> = {}): string {
  const own = CATALOGUES[language.value] as Record<string, string>;
  const text = own[key];
  if (text === undefined) return base(key as Key, values);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Words for something that the server named: the catalogue's where it has them, else the name as it is. */
export function called(prefix: string, name: string, values: Record<string, string | number> = {}): string {
  const key = `${prefix}.${name}`;
  return key in inboxEn ? t(key as InboxKey, values) : name.replaceAll("_", " ");
}

/** When: the time of today, else day and time. */
export function when(at: number, now: number): string {
  return day(at) === day(now) ? clock(at) : `${day(at)} ${clock(at)}`;
}

/** A long time in its largest parts: 3 d, 4:05 h, 12 min. */
export function span(seconds: number): string {
  const whole = Math.abs(Math.round(seconds));
  if (whole >= 172_800) return t("clock.days", { n: Math.floor(whole / 86_400) });
  const minutes = Math.floor(whole / 60);
  return minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes} min`;
}

/** An address without its kind. */
export function plain(address: string): string {
  return address.replace(/^(tel|mailto):/, "");
}
