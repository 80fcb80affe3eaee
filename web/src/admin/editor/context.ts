/** Where in the tree of a YAML text a position is, found without a parser, because a text that is typed seldom parses. */

export interface Context {
  /** Keys and list positions from the root to here. At a key: of the mapping that it belongs to. */
  path: string[];
  side: "key" | "value";
  /** What is typed of the word already, and where it begins. */
  word: string;
  from: number;
  /** Keys that the mapping here already has, where they are near enough to be seen. */
  siblings: string[];
}

/** A list position in a path: which one does not matter. */
export const ITEM = "[]";

interface Opener {
  indent: number;
  /** A key, or null for `- `. */
  key: string | null;
}

const WORD = /[^\s,[\]{}:"'#]*$/u;

export function contextAt(text: string, position: number): Context {
  const before = text.slice(0, position);
  const start = flowStart(before);
  return start === null ? blockContext(text, before) : flowContext(text, before, start);
}

/** The keys of one line, from left to right, and what stands after the last. */
export function openers(line: string): { found: Opener[]; rest: string } {
  const found: Opener[] = [];
  let at = 0;
  for (;;) {
    const rest = line.slice(at);
    const item = /^(\s*)-(?:\s+|$)/.exec(rest);
    if (item !== null) {
      found.push({ indent: at + item[1]!.length, key: null });
      at += item[0].length;
      continue;
    }
    const key = /^(\s*)(?:"([^"]*)"|'([^']*)'|([^\s#"'[\]{},&*!|>%@`-][^#:]*?|-?[\w.]+))\s*:(?:\s+|$)/u.exec(rest);
    if (key === null) return { found, rest };
    found.push({ indent: at + key[1]!.length, key: key[2] ?? key[3] ?? key[4] ?? "" });
    return { found, rest: rest.slice(key[0].length) };
  }
}

function blockContext(text: string, before: string): Context {
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.slice(lineStart);
  const { found, rest } = openers(line);
  const keyed = found.some((one) => one.key !== null);
  const word = keyed ? rest.trimStart().replace(/^["']/, "") : (WORD.exec(line)?.[0] ?? "");
  const column = found.at(-1)?.key === null ? line.length - word.length : (found[0]?.indent ?? line.length - word.length);
  const parents = above(before.slice(0, Math.max(0, lineStart - 1)), found[0]?.indent ?? column, found[0]?.key === null);
  const path = [...parents, ...found.map((one) => one.key ?? ITEM)];
  if (keyed) return { path, side: "value", word, from: before.length - word.length, siblings: [] };
  return { path, side: "key", word, from: before.length - word.length, siblings: siblings(text, lineStart, column) };
}

/** Keys above a line that begins at `indent`: the nearest line further left, and so on to the root. */
function above(text: string, indent: number, item: boolean): string[] {
  const path: string[] = [];
  let limit = indent;
  let mayEqual = item;
  const all = text.split("\n");
  for (let n = all.length - 1; n >= 0 && (limit > 0 || mayEqual); n -= 1) {
    const line = all[n] ?? "";
    if (/^\s*(#|$)/.test(line)) continue;
    const found = openers(line).found;
    for (const one of found.reverse()) {
      const parent = one.indent < limit || (mayEqual && one.key !== null && one.indent === limit);
      if (!parent) continue;
      path.unshift(one.key ?? ITEM);
      limit = one.indent;
      mayEqual = one.key === null;
    }
  }
  return path;
}

/** Keys of the block mapping at `column` around a line. */
function siblings(text: string, lineStart: number, column: number): string[] {
  const found: string[] = [];
  const look = (line: string): boolean => {
    if (/^\s*(#|$)/.test(line)) return true;
    const all = openers(line).found;
    const here = all.find((one) => one.key !== null && one.indent === column);
    if (here?.key != null) found.push(here.key);
    const first = all[0]?.indent ?? line.search(/\S/);
    return first > column || (first === column && all[0]?.key !== null);
  };
  const back = text.slice(0, Math.max(0, lineStart - 1)).split("\n");
  for (let n = back.length - 1; n >= 0 && back.length - n < 200; n -= 1) if (!look(back[n] ?? "")) break;
  const rest = text.slice(lineStart);
  for (const line of rest.split("\n").slice(1, 200)) if (!look(line)) break;
  return found;
}

/** Offset of the outermost `{` or `[` that is open at the end of the text, or null. */
function flowStart(before: string): number | null {
  let start: number | null = null;
  let depth = 0;
  scan(before, (char, at) => {
    if (char === "{" || char === "[") {
      if (depth === 0) start = at;
      depth += 1;
    } else if (char === "}" || char === "]") {
      depth = Math.max(0, depth - 1);
      if (depth === 0) start = null;
    }
  });
  return depth > 0 ? start : null;
}

function flowContext(text: string, before: string, start: number): Context {
  const outer = blockContext(text, before.slice(0, start));
  const stack: { list: boolean; key: string | null; keys: string[] }[] = [];
  let token = "";
  let tokenAt = start;
  const flow = before.slice(start);
  scan(flow, (char, at, quoted) => {
    const top = stack.at(-1);
    if (!quoted && (char === "{" || char === "[")) {
      stack.push({ list: char === "[", key: null, keys: [] });
      token = "";
    } else if (!quoted && (char === "}" || char === "]")) {
      stack.pop();
      token = "";
    } else if (!quoted && char === ",") {
      if (top !== undefined) top.key = null;
      token = "";
    } else if (!quoted && char === ":" && top !== undefined && !top.list && top.key === null) {
      top.key = token.trim().replace(/^["']|["']$/g, "");
      top.keys.push(top.key);
      token = "";
    } else {
      if (token.trim() === "") {
        token = "";
        tokenAt = start + at;
      }
      token += char;
    }
  });
  const word = token.trimStart().replace(/^["']/, "");
  const path = [...outer.path];
  for (const level of stack.slice(0, -1)) path.push(level.list ? ITEM : (level.key ?? ""));
  const last = stack.at(-1)!;
  const from = token.trim() === "" ? before.length : Math.max(tokenAt, before.length - word.length);
  if (last.list) return { path: [...path, ITEM], side: "value", word, from, siblings: [] };
  if (last.key !== null) return { path: [...path, last.key], side: "value", word, from, siblings: [] };
  return { path, side: "key", word, from, siblings: last.keys };
}

/** Tell each character outside comments; brackets and quotes count only where a YAML value may begin. */
function scan(text: string, tell: (char: string, at: number, quoted: boolean) => void): void {
  let quote = "";
  let fresh = true;
  let flow = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (quote !== "") {
      tell(char, at, true);
      if (char === "\\" && quote === '"') tell(text[(at += 1)] ?? "", at, true);
      else if (char === quote) quote = "";
      if (flow === 0 && char === "\n" && /^\S/.test(text.slice(at + 1, at + 2))) quote = "";
      continue;
    }
    if (char === "#" && (at === 0 || /\s/.test(text[at - 1]!))) {
      const end = text.indexOf("\n", at);
      at = (end < 0 ? text.length : end) - 1;
      continue;
    }
    if (fresh && (char === '"' || char === "'")) {
      quote = char;
      fresh = false;
      tell(char, at, true);
      continue;
    }
    if (fresh && (char === "{" || char === "[")) {
      flow += 1;
      tell(char, at, false);
      continue;
    }
    if (flow > 0 && (char === "}" || char === "]")) {
      flow -= 1;
      tell(char, at, false);
      fresh = false;
      continue;
    }
    const splits = (char === ":" && /\s|^$/.test(text[at + 1] ?? "")) || (flow > 0 && char === ",");
    if (splits) {
      tell(char, at, false);
      fresh = true;
      continue;
    }
    tell(char, at, true);
    if (char === "\n") fresh = true;
    else if (char !== " " && !(char === "-" && fresh)) fresh = false;
  }
}
