import type { Names, Schema } from "../api";

const WORDS: Schema = { type: "array", items: { type: "string" } };
const TEXT: Schema = { type: "string" };
const BY_LANGUAGE: Schema = { type: "object", additionalProperties: TEXT };
/** `09:00-12:00`, several of them, or `closed`. */
const SPANS: Schema = { anyOf: [WORDS, TEXT] };
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const CALENDAR: Schema = {
  type: "object",
  required: ["open"],
  properties: {
    time_zone: { ...TEXT, default: "UTC" },
    open: { type: "object", additionalProperties: SPANS },
    holidays: WORDS,
    on_holiday: SPANS,
    on_workday: { enum: DAYS, default: "mon" },
  },
};
const SPECIAL: Schema = {
  type: "object",
  properties: {
    date: { type: "string", format: "date" },
    from: { type: "string", format: "date", title: "field.first_day" },
    to: { type: "string", format: "date", title: "field.last_day" },
    workday: { type: "boolean", default: false },
    name: { anyOf: [BY_LANGUAGE, TEXT], title: "field.holiday" },
    open: SPANS,
  },
};
const FLAG: Schema = {
  anyOf: [
    { type: "boolean" },
    { type: "object", properties: { on: { type: "boolean", default: true }, percent: { type: "number", minimum: 0, maximum: 100 }, tiers: WORDS, numbers: WORDS } },
  ],
};
const VALUE: Schema = { anyOf: [TEXT, { type: "number" }, { type: "boolean" }, BY_LANGUAGE, WORDS] };

const map = (inner: Schema): Schema => ({ type: "object", additionalProperties: inner });

/** Parts of the environment file, whose schema the server leaves open. */
const OPEN: Record<string, Schema> = {
  hours: map(CALENDAR),
  holidays: map({ type: "array", items: SPECIAL }),
  flags: map(FLAG),
  values: map(VALUE),
};

/** The schema of a form: the server's, with what this page knows beside it. */
export function shape(part: string, schema: Schema, names: Names | null): Schema {
  const open = OPEN[part];
  const inner = schema.additionalProperties;
  if (open !== undefined && (inner === undefined || (typeof inner === "object" && Object.keys(inner).length === 0))) return open;
  if (part === "agents") return withItem(schema, "roles", { type: "array", items: { enum: ["agent", "senior", "supervisor", "admin", "quality", "field"] } });
  if (part === "routes" && (names?.flows.length ?? 0) > 0) return withItem(schema, "flow", { enum: names?.flows ?? [] });
  return schema;
}

function withItem(schema: Schema, name: string, known: Schema): Schema {
  const properties = schema.items?.properties;
  if (properties?.[name] === undefined) return schema;
  return { ...schema, items: { ...schema.items, properties: { ...properties, [name]: { ...properties[name], ...known } } } };
}
