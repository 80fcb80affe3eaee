/** The tree of outcomes: what an agent says that became of a contact. Pure. */
import type { Words } from "../model";

/** A plain name, or one with words of its own and more beneath. */
export type Disposition = string | Outcome;

export interface Outcome {
  name: string;
  label?: Words;
  /** True where this outcome asks for a date. */
  follow_up?: boolean;
  children?: Disposition[];
}

/** One place in the tree, drawn as a row. */
export interface Row {
  /** Names from the root, with "/" between: what the server takes and what the record keeps. */
  path: string;
  /** Words of each step on the way, the own one last. */
  words: string[];
  depth: number;
  /** True where there is more beneath: it opens and cannot be chosen. */
  branch: boolean;
  /** Whether it asks for a date. */
  dated: boolean;
}

type Say = (name: string, label: Words | undefined) => string;

/** Every place of the tree in order, branches before what is beneath them. */
export function rowsOf(tree: readonly Disposition[], say: Say): Row[] {
  const rows: Row[] = [];
  const walk = (list: readonly Disposition[], path: string, words: string[], depth: number, dated: boolean): void => {
    for (const one of list) {
      const { name, label, children = [], follow_up = false } = typeof one === "string" ? { name: one } : one;
      const own = path === "" ? name : `${path}/${name}`;
      const said = [...words, say(name, label)];
      const asks = dated || follow_up;
      rows.push({ path: own, words: said, depth, branch: children.length > 0, dated: asks });
      walk(children, own, said, depth + 1, asks);
    }
  };
  walk(tree, "", [], 0, false);
  return rows;
}

/** What is drawn: with something typed all that can be chosen and fits; else what the open branches show. */
export function shownRows(rows: readonly Row[], typed: string, open: ReadonlySet<string>): Row[] {
  const words = typed.trim().toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return rows.filter((row) => parents(row.path).every((path) => open.has(path)));
  return rows.filter((row) => {
    const text = `${row.words.join(" ")} ${row.path}`.toLowerCase();
    return !row.branch && words.every((word) => text.includes(word));
  });
}

/** The branches above a path, the root's first. */
export function parents(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, n) => names.slice(0, n + 1).join("/"));
}

/** A point in time as a field of day and time has it, in the page's own zone: 2026-01-31T09:00. */
export function fieldOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Nine o'clock `days` working days after `from`: nobody means a Saturday by "in three days". */
export function workingDay(from: Date, days: number): Date {
  const date = new Date(from.getFullYear(), from.getMonth(), from.getDate(), 9, 0);
  for (let left = days; left > 0; ) {
    date.setDate(date.getDate() + 1);
    if (date.getDay() !== 0 && date.getDay() !== 6) left -= 1;
  }
  return date;
}

/** What is wrong with a date of a follow-up: "" where nothing is. Two years is the furthest. */
export function dateFault(field: string, now: Date): "" | "past" | "far" | "none" {
  if (field === "") return "";
  const at = new Date(field).getTime();
  if (Number.isNaN(at)) return "none";
  if (at <= now.getTime()) return "past";
  return at > now.getTime() + 2 * 366 * 86_400_000 ? "far" : "";
}
