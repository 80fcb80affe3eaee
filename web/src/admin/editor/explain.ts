import type { Names, Schema } from "../api";
import { describe } from "./complete";
import { contextAt } from "./context";
import { help } from "./help";
import { outline } from "./outline";

/** What a word of a flow means. */
export interface Explained {
  name: string;
  kind: string;
  words: string;
  /** Of a prompt: what it says, by language, and in which it is recorded. */
  texts: Record<string, string>;
  recorded: string[];
  /** Of a state or an intent: the line of its definition. */
  line: number | null;
}

/** Explain the word at an offset, or null where there is nothing to say. */
export function explain(text: string, at: number, word: string, schema: Schema | null, names: Names | null, language: "zh" | "en"): Explained | null {
  if (word === "") return null;
  const end = at + (/^[\p{L}\p{N}_./-]*/u.exec(text.slice(at))?.[0].length ?? 0);
  const isKey = /^["']?\s*:(\s|$)/.test(text.slice(end));
  const context = contextAt(text, end);
  const said = (kind: string, words: string, more: Partial<Explained> = {}): Explained => ({
    name: word,
    kind,
    words,
    texts: {},
    recorded: [],
    line: null,
    ...more,
  });
  if (isKey) {
    if (context.path.length === 1 && (context.path[0] === "states" || context.path[0] === "intents")) {
      return said(context.path[0] === "states" ? "state" : "intent", "");
    }
    const path = [...context.path, word];
    const step = names?.steps.find((one) => one.name === word);
    const written = help(word, language) || step?.doc || describe(schema, path);
    const edge = names?.edges.find((one) => one.name === word);
    if (written === "" && edge !== undefined) return said("edge", edge.doc);
    return written === "" ? null : said(step === undefined ? "key" : "step", written);
  }
  const prompt = names?.prompts.find((one) => one.name === word);
  const parts = outline(text);
  const state = parts.states.find((one) => one.name === word);
  const key = context.path.filter((one) => one !== "[]").at(-1) ?? "";
  const names_state = ["to", "goto", "then", "entry", "otherwise"].includes(key) || context.path.includes("on") || context.path.includes("cases");
  if (state !== undefined && (names_state || prompt === undefined)) return said("state", "", { line: state.line });
  if (prompt !== undefined) return said("prompt", "", { texts: prompt.texts, recorded: prompt.languages });
  const intent = parts.intents.find((one) => one.name === word);
  if (intent !== undefined) return said("intent", "", { line: intent.line });
  if (names?.queues.includes(word) === true) return said("queue", "");
  const root = names?.roots.find((one) => one.name === word.split(".")[0]);
  if (root !== undefined && word.includes(".")) return said("root", root.doc);
  const target = names?.targets.find((one) => one.name === word);
  if (target !== undefined) return said("target", help(word, language) || target.doc);
  const step = names?.steps.find((one) => one.name === word);
  if (step !== undefined && context.path.includes("do")) return said("step", help(word, language) || step.doc);
  return null;
}
