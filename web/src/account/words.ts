import { language, t as base, type Key } from "../i18n";
import { accountEn, type AccountKey } from "../i18n/account-en";
import { accountZh } from "../i18n/account-zh";

export type { AccountKey } from "../i18n/account-en";

const CATALOGUES = { zh: accountZh, en: accountEn };

/** The words of a key of accounts or of all pages, in the language of the page, with `{name}` replaced. */
export function t(key: AccountKey | Key, values: Record<string, string | number> = {}): string {
  const text = (CATALOGUES[language.value] as Record<string, string>)[key];
  if (text === undefined) return base(key as Key, values);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Words for something that the server named; the name itself where the catalogue has none. */
export function called(prefix: string, name: string): string {
  const key = `${prefix}.${name}`;
  return key in accountEn ? t(key as AccountKey) : name;
}

/** Day and clock time of server seconds, in the page's language. */
export function moment(at: number): string {
  const locale = language.value === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(at * 1000);
}

/** A browser by its own name, as short as a person says it: Chrome 149, Linux. */
export function browserName(agent: string): string {
  const kind = /(Edg|OPR|Firefox|Chrome|Version)\/(\d+)/g;
  const found = [...agent.matchAll(kind)].map(([, name = "", version = ""]) => ({ name, version }));
  const best = found.find((one) => one.name === "Edg" || one.name === "OPR") ?? found[0];
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera", Version: "Safari" };
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "CrOS", "Linux"].find((one) => agent.includes(one));
  if (best === undefined) return agent.slice(0, 40) || "—";
  const plain = system === "Mac OS X" ? "macOS" : system;
  return [`${names[best.name] ?? best.name} ${best.version}`, plain].filter(Boolean).join(", ");
}
