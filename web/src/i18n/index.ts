import { effect, signal } from "@preact/signals";
import { en, type Catalogue, type Key } from "./en";
import { fill } from "./fill";
import { zh } from "./zh";

export type { Key } from "./en";
export type Language = "zh" | "en";

const STORED = "hotline.language";
const catalogues: Record<Language, Catalogue> = { zh, en };

const clocks: Partial<Record<Language, Intl.DateTimeFormat>> = {};

export const language = signal<Language>(firstLanguage());

effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
});

export function speak(choice: Language): void {
  localStorage.setItem(STORED, choice);
  language.value = choice;
}

/** The words of `key` in the language of the page, with `{name}` replaced. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill(catalogues[language.value][key], values);
}

/** What the house calls its own names, by `prefix.name` and language: labels of intents in the flows. */
export const ours = signal<Record<string, Partial<Record<string, string>>>>({});

/** Takes what `GET /api/v1/desk/book` says of them. */
export function takeIntents(intents: Record<string, Partial<Record<string, string>>> = {}): void {
  ours.value = Object.fromEntries(Object.entries(intents).map(([name, words]) => [`intent.${name}`, words]));
}

/** Words for a name that the server chose: the house's own, the catalogue's, or else the name made readable. */
export function named(prefix: string, name: string): string {
  const key = `${prefix}.${name}`;
  const own = ours.value[key]?.[language.value];
  if (own !== undefined) return own;
  return key in en ? t(key as Key) : name.replaceAll("_", " ");
}

/** Clock time of server seconds: 14:03. */
export function clock(at: number): string {
  const spoken = language.value;
  // Made once: each costs as much as some hundred times of the day.
  clocks[spoken] ??= new Intl.DateTimeFormat(spoken, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return clocks[spoken].format(at * 1000);
}

/** Day of server seconds: 07-02. */
export function day(at: number): string {
  const date = new Date(at * 1000);
  return `${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** A length of time: 0:41, 12:05, 1:02:05. Never negative. */
export function length(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** A wait in words for a caller. */
export function roughly(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return seconds < 45 ? t("minutes.less") : minutes <= 1 ? t("minutes.one") : t("minutes.many", { n: minutes });
}

/** A language by its own name: 中文, English. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

function firstLanguage(): Language {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(STORED) ?? navigator.language;
  return asked.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
