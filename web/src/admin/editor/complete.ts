import type { Names, Schema } from "../api";
import { ITEM, type Context } from "./context";
import type { Outline } from "./outline";

/** Something that may be written at a place. */
export interface Offer {
  label: string;
  /** `state`, `intent`, `prompt`, `queue`, `skill`, `key`, `value` ... */
  kind: string;
  detail?: string;
  /** What is put there, where it is more than the label. */
  insert?: string;
}

export interface Knowledge {
  schema: Schema | null;
  names: Names | null;
  outline: Outline;
}

const TARGETS = ["end", "again"];
/** Keys whose value names a state. */
const TO_STATE = new Set(["to", "goto", "then", "entry", "otherwise"]);
/** Keys whose value, or whose list's members, name a prompt. */
const PROMPT = new Set(["say", "prompt", "retry", "ask", "hint", "offer", "play", "music", "reprompt", "read_back"]);
const INTENTS = new Set(["options", "choice", "rank"]);
const EXPRESSIONS = new Set(["if", "when", "of", "priority", "rank_by", "amount", "number", "digits", "set", "vars"]);

export function offers(context: Context, known: Knowledge): Offer[] {
  return context.side === "key" ? keys(context, known) : values(context, known);
}

function keys(context: Context, known: Knowledge): Offer[] {
  const { path } = context;
  const found: Offer[] = [];
  const names = known.names;
  const parent = path.at(-1) ?? "";
  if (parent === "on" || (parent === "defaults" && path.length === 1)) {
    const step = names?.steps.find((one) => hereIs(known, path, one.name));
    for (const edge of step?.edges ?? []) found.push({ label: edge, kind: "edge", detail: step?.name ?? "" });
    for (const intent of known.outline.intents) found.push({ label: intent.name, kind: "intent" });
    for (const edge of names?.edges ?? []) found.push({ label: edge.name, kind: "edge", detail: first(edge.doc) });
  }
  if (parent === "need" || inList(path, "need")) found.push(...(names?.skills ?? []).map((label) => ({ label, kind: "skill" })));
  for (const [label, schema] of properties(known.schema, path, context.siblings)) {
    const value = insertOf(schema, known.schema);
    found.push({ label, kind: "key", detail: first(schema.description ?? ""), insert: `${label}:${value}` });
  }
  if (path.length === 2 && path[0] === "states" && parent !== "on") {
    // A state is written with the steps that the server knows, plug-ins too.
    for (const step of names?.steps ?? []) found.push({ label: step.name, kind: "step", detail: first(step.doc) });
  }
  if (path.at(-1) === "do" || (path.at(-1) === ITEM && path.at(-2) === "do")) {
    for (const step of names?.steps ?? []) if (!step.waits) found.push({ label: step.name, kind: "step", detail: first(step.doc) });
  }
  if (isSpeech(path)) found.push(...languagesOf(known).map((label) => ({ label, kind: "language" })));
  return unique(found)
    .filter((one) => !context.siblings.includes(one.label))
    .map((one) => (one.insert === undefined ? { ...one, insert: `${one.label}: ` } : one));
}

function values(context: Context, known: Knowledge): Offer[] {
  const { path } = context;
  const names = known.names;
  const found: Offer[] = [];
  const list = path.at(-1) === ITEM;
  const key = (list ? path.at(-2) : path.at(-1)) ?? "";
  const parent = (list ? path.at(-3) : path.at(-2)) ?? "";
  const states = (): void => {
    for (const state of known.outline.states) found.push({ label: state.name, kind: "state" });
    for (const label of TARGETS) found.push({ label, kind: "target", detail: first(names?.targets.find((one) => one.name === label)?.doc ?? "") });
  };
  if (TO_STATE.has(key) || parent === "on" || parent === "cases" || (parent === "defaults" && path.length === 2)) states();
  if (PROMPT.has(key) || (list && key === "say")) found.push(...prompts(names));
  if (INTENTS.has(key)) for (const intent of known.outline.intents) found.push({ label: intent.name, kind: "intent" });
  if (key === "queue") found.push(...(names?.queues ?? []).map((label) => ({ label, kind: "queue" })));
  if (key === "flow" || key === "call") found.push(...(names?.flows ?? []).map((label) => ({ label, kind: "flow" })));
  if (key === "source") found.push(...(names?.sources ?? []).map(({ name: label }) => ({ label, kind: "source" })));
  if (key === "get" || key === "operation") {
    for (const source of names?.sources ?? []) for (const label of source.operations) found.push({ label, kind: "operation", detail: source.name });
  }
  if (key === "language" || key === "languages") found.push(...languagesOf(known).map((label) => ({ label, kind: "language" })));
  if (key === "do") for (const step of names?.steps ?? []) if (!step.waits) found.push({ label: step.name, kind: "step", detail: first(step.doc) });
  if (EXPRESSIONS.has(key) || parent === "set" || parent === "vars") found.push(...roots(context, names));
  for (const schema of at(known.schema, path)) {
    for (const value of schema.enum ?? (schema.const === undefined ? [] : [schema.const])) found.push({ label: String(value), kind: "value" });
    if (schema.type === "boolean") found.push({ label: "true", kind: "value" }, { label: "false", kind: "value" });
  }
  return unique(found);
}

function prompts(names: Names | null): Offer[] {
  return (names?.prompts ?? []).map((prompt) => ({
    label: prompt.name,
    kind: "prompt",
    detail: first(Object.values(prompt.texts)[0] ?? ""),
  }));
}

/** `profile.` offers what profiles have, else the roots themselves. */
function roots(context: Context, names: Names | null): Offer[] {
  const typed = /([a-z_]+)\.\w*$/.exec(context.word);
  const root = typed === null ? undefined : names?.roots.find((one) => one.name === typed[1]);
  if (root !== undefined) return root.members.map((member) => ({ label: `${root.name}.${member}`, kind: "member", detail: root.name }));
  return (names?.roots ?? []).map((one) => ({ label: one.name, kind: "root", detail: first(one.doc) }));
}

function languagesOf(known: Knowledge): string[] {
  return known.outline.languages.length > 0 ? known.outline.languages : ["zh", "en"];
}

function isSpeech(path: readonly string[]): boolean {
  const key = path.at(-1) === ITEM ? path.at(-2) : path.at(-1);
  return key !== undefined && (PROMPT.has(key) || key === "text" || key === "label" || path[0] === "intents") && path.length > 1;
}

function hereIs(known: Knowledge, path: readonly string[], step: string): boolean {
  const state = known.outline.states.find((one) => one.name === path[1]);
  return state !== undefined && path[0] === "states" && (stepsOf.get(state) ?? []).includes(step);
}

const stepsOf = new WeakMap<object, string[]>();

/** Note which keys each state has, so that `on` offers the edges of the step that is there. */
export function noteSteps(outline: Outline, text: string): void {
  const all = text.split("\n");
  for (const state of outline.states) {
    const inner = all.slice(state.line, state.end - 1);
    const found = inner.flatMap((line) => /^\s+(\w+):/.exec(line)?.[1] ?? []);
    stepsOf.set(state, found);
  }
}

function inList(path: readonly string[], key: string): boolean {
  return path.at(-1) === ITEM && path.at(-2) === key;
}

/** Every schema that may hold at a path. */
export function at(root: Schema | null, path: readonly string[]): Schema[] {
  if (root === null) return [];
  let here = open(root, root);
  for (const step of path) {
    const next: Schema[] = [];
    for (const schema of here) {
      if (step === ITEM) {
        if (schema.items !== undefined) next.push(...open(schema.items, root));
        continue;
      }
      const own = schema.properties?.[step];
      if (own !== undefined) next.push(...open(own, root));
      else if (typeof schema.additionalProperties === "object") next.push(...open(schema.additionalProperties, root));
      for (const [pattern, inner] of Object.entries(schema.patternProperties ?? {})) {
        if (new RegExp(pattern).test(step)) next.push(...open(inner, root));
      }
    }
    here = next;
  }
  return here;
}

/** A schema with its alternatives and references taken apart. */
function open(schema: Schema, root: Schema, depth = 0): Schema[] {
  if (depth > 8) return [];
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    const target = root.$defs?.[name];
    return target === undefined ? [] : open(target, root, depth + 1);
  }
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  if (inner.length === 0) return [schema];
  return [schema, ...inner.flatMap((one) => open(one, root, depth + 1))];
}

/** Keys that may be written in a mapping which has `siblings` already. */
function properties(root: Schema | null, path: readonly string[], siblings: readonly string[]): [string, Schema][] {
  let here = at(root, path);
  // Where the keys that stand there already fit only some of the alternatives, only those count.
  const fitting = here.filter((schema) => siblings.every((key) => schema.properties?.[key] !== undefined));
  if (siblings.length > 0 && fitting.some((schema) => schema.properties !== undefined)) here = fitting;
  return here.flatMap((schema) => Object.entries(schema.properties ?? {}));
}

function insertOf(schema: Schema, root: Schema | null): string {
  const kinds = root === null ? [schema] : open(schema, root);
  const onlyTree = kinds.every((one) => one.type === "object" || one.type === undefined) && kinds.some((one) => one.type === "object");
  return onlyTree ? "" : " ";
}

/** The description of a key, for hover help. */
export function describe(root: Schema | null, path: readonly string[]): string {
  for (const schema of at(root, path)) if (schema.description !== undefined) return schema.description;
  return "";
}

function first(words: string): string {
  const line = words.split("\n")[0] ?? "";
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

function unique(found: readonly Offer[]): Offer[] {
  const seen = new Map<string, Offer>();
  for (const one of found) {
    const before = seen.get(one.label);
    if (before === undefined || (before.detail ?? "") === "") seen.set(one.label, { ...before, ...one, ...(before?.insert !== undefined && one.insert === undefined ? { insert: before.insert } : {}) });
  }
  return [...seen.values()];
}
