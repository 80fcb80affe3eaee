import { clock, day } from "../i18n";
import { inboxEn, type InboxKey } from "../i18n/inbox-en";
import { inboxZh } from "../i18n/inbox-zh";
import { ownWords } from "../i18n/own";

export type { InboxKey } from "../i18n/inbox-en";

export const { t, called } = ownWords<InboxKey>({ zh: inboxZh, en: inboxEn });

/** When: the time of today, else day and time. */
export function when(at: number, now: number): string {
  return day(at) === day(now) ? clock(at) : `${day(at)} ${clock(at)}`;
}

/** A long time in its largest parts: 3 d, 4:05 h, 12 min. */
export function span(seconds: number): string {
  const whole = Math.abs(Math.round(seconds));
  if (whole >= 172_800) return t("clock.days", { n: Math.floor(whole / 86_400) });
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t("clock.minutes", { n: minutes });
  return t("clock.hours", { n: Math.floor(minutes / 60), rest: minutes % 60 });
}

/** An address without its kind. */
export function plain(address: string): string {
  return address.replace(/^(tel|mailto):/, "");
}
