import { language } from "../i18n";
import { accountEn, type AccountKey } from "../i18n/account-en";
import { accountZh } from "../i18n/account-zh";
import { ownWords } from "../i18n/own";

export type { AccountKey } from "../i18n/account-en";

export const { t } = ownWords<AccountKey>({ zh: accountZh, en: accountEn });

/** Words for something that the server named; the name itself where the catalogue has none. */
export function called(prefix: string, name: string): string {
  const key = `${prefix}.${name}`;
  return key in accountEn ? t(key as AccountKey) : name;
}

/** What a line of the audit says was done; as it stands where the catalogue has no words for it. */
export function doing(what: string): string {
  const key = what.replaceAll(" ", "_").replaceAll(":", "");
  const words = called("audit", key);
  return words === key ? what : words;
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
