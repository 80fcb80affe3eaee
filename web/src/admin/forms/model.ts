import type { Schema } from "../api";

export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };
export type Path = readonly string[];

/** How a value is edited. */
export type Kind = "text" | "number" | "yesno" | "choice" | "duration" | "secret" | "date" | "time" | "words" | "list" | "map" | "group" | "raw";

export function resolve(schema: Schema | undefined, root: Schema): Schema {
  if (schema === undefined) return {};
  if (schema.$ref !== undefined) {
    const { $ref, ...own } = schema;
    return { ...resolve(root.$defs?.[$ref.split("/").at(-1) ?? ""], root), ...own };
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives === undefined) return schema;
  const found = alternatives.map((one) => resolve(one, root)).filter((one) => one.type !== "null");
  const { anyOf: _any, oneOf: _one, ...own } = schema;
  // Where all but one say "nothing", the one is edited.
  return found.length === 1 ? { ...found[0], ...own } : { ...own, anyOf: found };
}

export function kindOf(schema: Schema, value: Plain | undefined): Kind {
  if (schema.anyOf !== undefined) {
    const fits = schema.anyOf.find((one) => value !== undefined && matches(one, value)) ?? schema.anyOf[0] ?? {};
    return kindOf(fits, value);
  }
  if (schema.enum !== undefined) return "choice";
  const type = typed(schema);
  if (type === "boolean") return "yesno";
  if (type === "integer" || type === "number") return "number";
  if (type === "array") return isWords(schema) ? "words" : "list";
  if (type === "object") return schema.properties === undefined ? "map" : "group";
  if (type === "string" || type === undefined) {
    if (schema.format === "duration" || schema.format === "secret" || schema.format === "date" || schema.format === "time") return schema.format;
    return value !== undefined && value !== null && typeof value === "object" ? "raw" : "text";
  }
  return "raw";
}

/** The alternative of a schema that a value is of. */
export function fitting(schema: Schema, value: Plain | undefined): Schema {
  if (schema.anyOf === undefined) return schema;
  return schema.anyOf.find((one) => value !== undefined && matches(one, value)) ?? schema.anyOf[0] ?? {};
}

/** The words of a list as they count: what is not said is the default. */
export function wordsOf(value: Plain | undefined, schema: Schema): string[] {
  const words = value ?? schema.default;
  return Array.isArray(words) ? words.map(String) : [];
}

/** What a new member begins as. */
export function fresh(schema: Schema, root: Schema): Plain {
  const found = fitting(resolve(schema, root), undefined);
  if (found.default !== undefined) return found.default as Plain;
  const kind = kindOf(found, undefined);
  if (kind === "list" || kind === "words") return [];
  if (kind === "map") return {};
  if (kind === "group") {
    const made: { [key: string]: Plain } = {};
    const one = fitting(found, undefined);
    for (const key of one.required ?? []) made[key] = fresh(one.properties?.[key] ?? {}, root);
    return made;
  }
  if (kind === "number") return found.minimum ?? 0;
  if (kind === "yesno") return false;
  if (kind === "choice") return (found.enum?.[0] ?? "") as Plain;
  return "";
}

export function valueAt(value: Plain, path: Path): Plain | undefined {
  let here: Plain | undefined = value;
  for (const key of path) {
    if (here === null || here === undefined || typeof here !== "object") return undefined;
    here = Array.isArray(here) ? here[Number(key)] : here[key];
  }
  return here;
}

/** A copy with another value at a path; `undefined` takes it out. */
export function withValue(value: Plain, path: Path, next: Plain | undefined): Plain {
  const [key, ...rest] = path;
  if (key === undefined) return next ?? null;
  if (Array.isArray(value)) {
    const copy = [...value];
    if (rest.length === 0 && next === undefined) copy.splice(Number(key), 1);
    else copy[Number(key)] = withValue(copy[Number(key)] ?? {}, rest, next);
    return copy;
  }
  const object: { [key: string]: Plain } = value !== null && typeof value === "object" ? { ...value } : {};
  if (rest.length === 0 && next === undefined) delete object[key];
  else object[key] = withValue(object[key] ?? {}, rest, next);
  return object;
}

/** Another name for a key, at the same place in the order. */
export function renamed(value: Plain, path: Path, from: string, to: string): Plain {
  const map = valueAt(value, path);
  if (map === null || map === undefined || typeof map !== "object" || Array.isArray(map)) return value;
  const made = Object.fromEntries(Object.entries(map).map(([key, inner]) => [key === from ? to : key, inner]));
  return withValue(value, path, made);
}

export function same(one: Plain | undefined, other: Plain | undefined): boolean {
  if (one === other) return true;
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.every((item, n) => same(item, other[n]));
  }
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && same(one[key], other[key]));
}

export interface MergedValue {
  value: Plain;
  /** Where both changed the same thing: mine was taken. */
  conflicts: string[][];
}

/** Bring two changed values together, key by key; members of lists with an `id` or `name` are matched by it. */
export function mergeValues(base: Plain | undefined, mine: Plain | undefined, theirs: Plain | undefined, path: string[] = []): MergedValue {
  if (same(mine, theirs) || same(base, theirs)) return { value: mine ?? null, conflicts: [] };
  if (same(base, mine)) return { value: theirs ?? null, conflicts: [] };
  const [b, m, o] = [keyed(base), keyed(mine), keyed(theirs)];
  if (m === null || o === null) return { value: mine ?? null, conflicts: [path] };
  const conflicts: string[][] = [];
  const made: { [key: string]: Plain } = {};
  for (const key of new Set([...Object.keys(o), ...Object.keys(m)])) {
    const [old, own, other] = [b?.[key], m[key], o[key]];
    if (own === undefined && other !== undefined && same(old, other)) continue;
    if (other === undefined && own !== undefined && same(old, own)) continue;
    if (own === undefined && other === undefined) continue;
    if (own === undefined || other === undefined) {
      if (old !== undefined) conflicts.push([...path, key]);
      made[key] = (own ?? other)!;
      continue;
    }
    const inner = mergeValues(old, own, other, [...path, key]);
    made[key] = inner.value;
    conflicts.push(...inner.conflicts);
  }
  return { value: Array.isArray(mine) ? Object.values(made) : made, conflicts };
}

/** A value as it would stand in the file: block style, plain words where YAML allows them. */
export function toYaml(value: Plain, indent = 0): string {
  const pad = " ".repeat(indent);
  if (Array.isArray(value)) {
    if (value.length === 0) return `${pad}[]\n`;
    return value
      .map((one) => {
        if (one === null || typeof one !== "object" || empty(one)) return `${pad}- ${scalar(one)}\n`;
        return `${pad}- ${toYaml(one, indent + 2).slice(indent + 2)}`;
      })
      .join("");
  }
  if (value !== null && typeof value === "object") {
    if (Object.keys(value).length === 0) return `${pad}{}\n`;
    return Object.entries(value)
      .map(([key, one]) => (one === null || typeof one !== "object" || empty(one) ? `${pad}${scalar(key)}: ${scalar(one)}\n` : `${pad}${scalar(key)}:\n${toYaml(one, indent + 2)}`))
      .join("");
  }
  return `${pad}${scalar(value)}\n`;
}

function empty(value: Plain): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function scalar(value: Plain): string {
  if (value === null) return "null";
  if (typeof value === "object") return Array.isArray(value) ? "[]" : "{}";
  if (typeof value !== "string") return String(value);
  const plain = /^[\p{L}\p{N}_+./][\p{L}\p{N}_ +./@%~-]*$/u.test(value) && !/\s$/.test(value);
  const other = /^(true|false|null|~|[-+]?[\d.]+(e[-+]?\d+)?|\d+:\d+.*)$/i.test(value);
  return plain && !other ? value : JSON.stringify(value);
}

function keyed(value: Plain | undefined): { [key: string]: Plain } | null {
  if (value === null || value === undefined || typeof value !== "object") return null;
  if (!Array.isArray(value)) return value;
  const names = value.map((one) => (one !== null && typeof one === "object" && !Array.isArray(one) ? (one["id"] ?? one["name"]) : one));
  if (names.some((name) => typeof name !== "string") || new Set(names).size !== names.length) return null;
  return Object.fromEntries(value.map((one, n) => [String(names[n]), one]));
}

function typed(schema: Schema): string | undefined {
  const types = Array.isArray(schema.type) ? schema.type.filter((one) => one !== "null") : [schema.type];
  if (types.length === 1 && types[0] !== undefined) return types[0];
  if (schema.properties !== undefined || typeof schema.additionalProperties === "object") return "object";
  if (schema.items !== undefined) return "array";
  return types.includes("string") ? "string" : types[0];
}

function isWords(schema: Schema): boolean {
  const items = schema.items ?? {};
  return typed(items) === "string" || items.enum !== undefined;
}

function matches(schema: Schema, value: Plain): boolean {
  const type = typed(schema);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return value !== null && typeof value === "object" && !Array.isArray(value);
  if (type === "boolean") return typeof value === "boolean";
  if (type === "integer" || type === "number") return typeof value === "number";
  return typeof value === "string";
}
