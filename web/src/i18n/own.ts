import { fill } from "./fill";
import { language, t as base, type Key, type Language } from "./index";

type Values = Record<string, string | number>;

/** Words of a page besides those of all pages. */
export interface Own<Mine extends string> {
  /** The words of a key of the page or of all pages, in the language of the page, with `{name}` replaced. */
  t(key: Mine | Key, values?: Values): string;
  /** Words for something that the server named: the page's where it has them, else the name made readable. */
  called(prefix: string, name: string, values?: Values): string;
}

export function ownWords<Mine extends string>(catalogues: Readonly<Record<Language, Readonly<Record<Mine, string>>>>): Own<Mine> {
  const t = (key: Mine | Key, values: Values = {}): string => {
    const text = (catalogues[language.value] as Readonly<Record<string, string>>)[key];
    return text === undefined ? base(key as Key, values) : fill(text, values);
  };
  const called = (prefix: string, name: string, values: Values = {}): string => {
    const key = `${prefix}.${name}`;
    return key in catalogues.en ? t(key as Mine, values) : name.replaceAll("_", " ");
  };
  return { t, called };
}
