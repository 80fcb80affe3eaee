/** Requests of the admin pages (docs/admin-api.md). */

export interface Place {
  file: string;
  line: number;
  column: number;
}

export interface Problem extends Place {
  severity: "error" | "warning";
  code: string;
  message: string;
  cure: string;
  link: string;
  /** In the answer to a form. */
  path?: string[];
}

export interface Session {
  account: { id: string; name: string; roles: string[] };
  may_write: boolean;
  languages: string[];
  parts: { versions: boolean; simulator: boolean; tests: boolean; voice: boolean; counts: boolean };
  limits: { flow_characters: number; upload_octets: number; upload_seconds: number };
}

export interface FlowSummary {
  name: string;
  file: string;
  languages: string[];
  entry: string;
  states: number;
  errors: number;
  warnings: number;
  stamp: string;
  draft: { by: string; at: number } | null;
  live: { version: string; number: number | null; by: string; at: number; note: string } | null;
  has_test: boolean;
}

export interface Flow extends FlowSummary {
  text: string;
  live_text: string;
  test: { file: string; text: string; stamp: string } | null;
}

export interface Names {
  queues: string[];
  skills: string[];
  flows: string[];
  sources: { name: string; operations: string[] }[];
  prompts: { name: string; languages: string[]; texts: Record<string, string> }[];
  hours: string[];
  flags: string[];
  values: string[];
  roots: { name: string; doc: string; members: string[] }[];
  steps: { name: string; doc: string; waits: boolean; edges: string[] }[];
  edges: { name: string; doc: string }[];
  targets: { name: string; doc: string }[];
  errors: Record<string, string>;
}

export interface DiagramNode {
  id: string;
  state: string;
  kind: string;
  line: number | null;
  column: number | null;
  end_line: number | null;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface DiagramEdge {
  id: string;
  key: string;
  from: string;
  to: string;
  name: string;
  label: string;
  inherited: boolean;
  line: number | null;
  column: number | null;
}

export interface Diagram {
  svg: string | null;
  nodes: DiagramNode[];
  edges: DiagramEdge[];
  width: number;
  height: number;
  problems: Problem[];
}

export interface Counts {
  flow: string;
  at: number;
  day: string;
  calls: { now: number; today: number };
  now: Record<string, number>;
  entered: Record<string, number>;
  edges: Record<string, number>;
  gave_up: Record<string, Record<string, number>>;
  hours: { hour: number; calls: number; gave_up: number }[];
}

export interface LogEntry {
  at: number;
  kind: "bot" | "caller" | "state" | "edge" | "command" | "timer" | "note" | "end";
  text: string;
  language?: string;
  prompts?: { name: string; language: string; text: string }[];
  medium?: "speech" | "keys" | "hang_up";
  understood?: string;
  confidence?: number | null;
  flow?: string;
  state?: string;
  line?: number;
  column?: number;
  key?: string;
  from?: string;
  to?: string;
  name?: string;
  data?: unknown;
  seconds?: number;
  cause?: string;
}

export interface View {
  flow: string;
  state: string;
  line: number | null;
  phase: string;
  attempt: number;
  language: string;
  clock: number | string;
  at: number;
  timers: { name: string; in_seconds: number }[];
  vars: Record<string, unknown>;
  slots: Record<string, unknown>;
  tags: string[];
  queue: unknown;
  result: unknown;
  ended: string | boolean | null;
}

export interface Turned {
  id?: string;
  log: LogEntry[];
  view: View;
}

export interface TestRun {
  passed: number;
  failed: number;
  seconds: number;
  problems: Problem[];
  cases: TestCase[];
  coverage: Coverage | null;
}

export interface TestCase {
  name: string;
  line: number;
  ok: boolean;
  message: string;
  cure: string;
  at: { line: number; column: number } | null;
  log: LogEntry[];
  seconds: number;
}

export interface Coverage {
  states: Record<string, number>;
  edges: Record<string, number>;
  states_percent: number;
  edges_percent: number;
  missed: { key: string; line: number; column: number }[];
}

export interface Version {
  number: number;
  version: string;
  author: string;
  note: string;
  at: number;
  state: "live" | "rollout" | "scheduled" | "old" | "cancelled" | "withdrawn" | "refused";
  percent: number;
  from: number | null;
  until: number | null;
  calls: number | null;
  /** Why it was refused when its time came. */
  reason?: string;
}

export interface Recording {
  stamp: string;
  seconds: number;
  rate: number;
  level: number;
  peak: number;
  voice: string;
  model: string;
  licence: string;
  source: "rendered" | "upload" | "microphone" | "file";
  by: string;
  at: number;
  outdated: boolean;
  folder: string;
  writable: boolean;
  versions: number;
}

export interface Prompt {
  name: string;
  texts: Record<string, string>;
  missing: string[];
  used_by: { flow: string; file: string; state: string; line: number; column: number }[];
  recordings: Record<string, Recording>;
  history?: PromptPast[];
}

export interface PromptPast {
  version: string;
  at: number;
  by: string;
  source: string;
  seconds: number;
  what: string;
}

export interface Voice {
  language: string;
  name: string;
  model: string;
  licence: string;
}

export interface Library {
  languages: string[];
  prompts: Prompt[];
  voices: Voice[];
  writable: boolean;
}

/** A part of the JSON schema that forms are made of. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  format?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  items?: Schema;
  required?: string[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
}

export interface Part {
  part: string;
  file: string;
  stamp: string;
  value: unknown;
  schema: Schema;
  effect: "now" | "restart";
  line: number | null;
  restart?: string[];
  warnings?: (string | Problem)[];
}

/** A request that came to nothing. `offline`: nobody answered, nothing is known to have changed. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly cure = "",
    readonly place: Place | null = null,
    readonly more: Record<string, unknown> = {},
  ) {
    super(message);
  }

  get offline(): boolean {
    return this.code === "offline" || this.status === 502 || this.status === 504 || this.code === "unavailable";
  }
}

const ROOT = "/api/v1/admin";

/** Told once whenever an answer says that nobody is signed in. */
export const signedOut = { tell: (): void => undefined };

export async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, headers: { accept: "application/json" } };
  if (body !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  if (signal !== undefined) init.signal = signal;
  const response = await send(path, init);
  if (!response.ok) throw await refusal(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

/** Sound as it comes. */
export async function sound(path: string, init: RequestInit = {}): Promise<ArrayBuffer> {
  const response = await send(path, init);
  if (!response.ok) throw await refusal(response);
  return response.arrayBuffer();
}

/** Send a file and hear how much of it is there, 0 to 1. */
export function upload<T>(path: string, file: Blob, progress: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", ROOT + path);
    request.setRequestHeader("accept", "application/json");
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => reject(new ApiError(0, "offline", ""));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as T);
      else reject(errorOf(request.status, request.responseText));
    };
    request.send(file);
  });
}

export function audioPath(language: string, name: string, query = ""): string {
  return `/prompts/${language || "-"}/${name.split("/").map(encodeURIComponent).join("/")}/audio${query}`;
}

export function audioUrl(language: string, name: string, query = ""): string {
  return ROOT + audioPath(language, name, query);
}

export function promptPath(language: string, name: string, rest = ""): string {
  return `/prompts/${language || "-"}/${name.split("/").map(encodeURIComponent).join("/")}${rest}`;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    // What lies beside the admin API is asked for by its whole path.
    return await fetch(path.startsWith("/api/") ? path : ROOT + path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "");
  }
}

async function refusal(response: Response): Promise<ApiError> {
  return errorOf(response.status, await response.text().catch(() => ""));
}

function errorOf(status: number, text: string): ApiError {
  if (status === 401) signedOut.tell();
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    const error = (body["error"] ?? {}) as { code?: string; message?: string; cure?: string; place?: Place | null };
    return new ApiError(status, error.code ?? "", error.message ?? "", error.cure ?? "", error.place ?? null, body);
  } catch {
    return new ApiError(status, "", text.slice(0, 200));
  }
}
