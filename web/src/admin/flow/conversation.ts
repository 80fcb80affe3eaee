import { signal } from "@preact/signals";
import { ApiError, ask, type LogEntry, type Turned, type View } from "../api";
import { wordsOf } from "../store";

/** What a conversation in the simulator begins with; kept from visit to visit. */
export interface Given {
  language: string;
  at: string;
  number: string;
  profile: string;
  lookups: { call: string; outcome: string; result: string; delay: number }[];
  asr: boolean;
}

export const FRESH: Given = { language: "", at: "", number: "+8613800138000", profile: "", lookups: [], asr: true };

const STORED = "hotline.admin.given.";

/** One conversation with a text that is not published: what is said, what happens, where it stands. */
export class Conversation {
  readonly log = signal<LogEntry[]>([]);
  readonly view = signal<View | null>(null);
  readonly busy = signal(false);
  readonly failed = signal("");
  readonly given = signal<Given>(FRESH);
  /** The text has changed since the conversation began. */
  readonly outdated = signal(false);
  private id = "";
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;
  private begunWith = "";

  constructor(
    private readonly flow: string,
    private readonly text: () => string,
    private readonly languages: () => readonly string[],
    private readonly onState: (state: string) => void,
  ) {
    this.given.value = load(flow);
  }

  get started(): boolean {
    return this.id !== "";
  }

  change(part: Partial<Given>): void {
    this.given.value = { ...this.given.value, ...part };
    try {
      localStorage.setItem(STORED + this.flow, JSON.stringify(this.given.value));
    } catch {
      // What is chosen here can be chosen again.
    }
  }

  typed(): void {
    this.outdated.value = this.id !== "" && this.text() !== this.begunWith;
  }

  async start(): Promise<void> {
    let body: Record<string, unknown>;
    try {
      body = request(this.flow, this.text(), this.given.value, this.languages());
    } catch (error) {
      this.failed.value = wordsOf(error);
      return;
    }
    let old = "";
    await this.turn(async () => {
      old = this.id;
      const begun = await ask<Turned>("POST", "/simulations", body);
      this.id = begun.id ?? "";
      this.begunWith = this.text();
      this.outdated.value = false;
      this.log.value = [];
      return begun;
    });
    if (old !== "" && old !== this.id) await ask("DELETE", `/simulations/${old}`).catch(() => undefined);
  }

  act(act: Record<string, unknown>): Promise<void> {
    return this.turn(async () => {
      const turned = await ask<Turned>("POST", `/simulations/${this.id}`, act);
      if (act["act"] === "restart") this.log.value = [];
      return turned;
    });
  }

  close(): void {
    if (this.id !== "") void ask("DELETE", `/simulations/${this.id}`).catch(() => undefined);
    this.onState("");
  }

  /** One after another: what is said while the last answer is on its way waits for it. */
  private turn(send: () => Promise<Turned>): Promise<void> {
    this.waiting += 1;
    this.busy.value = true;
    this.last = this.last.then(() => this.take(send));
    return this.last;
  }

  private async take(send: () => Promise<Turned>): Promise<void> {
    this.failed.value = "";
    try {
      const turned = await send();
      this.log.value = [...this.log.value, ...turned.log];
      this.view.value = turned.view;
      this.onState(turned.view.ended ? "" : lastState(this.log.value, this.flow));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        this.id = "";
        this.view.value = null;
        this.onState("");
      }
      this.failed.value = problemWords(error);
    }
    this.waiting -= 1;
    this.busy.value = this.waiting > 0;
  }
}

/** The state of `flow` that was entered last: where a sub-flow is on, the one that calls it. */
export function lastState(log: readonly LogEntry[], flow: string): string {
  return log.filter((one) => one.kind === "state" && one.flow === flow).at(-1)?.state ?? "";
}

/** The body of `POST /simulations`; raises Error with words where what was typed is not JSON. */
export function request(flow: string, text: string, given: Given, languages: readonly string[]): Record<string, unknown> {
  const body: Record<string, unknown> = { flow, text, caller: { number: given.number, name: "", channel: "sip" } };
  if (given.language !== "") body["language"] = given.language;
  if (given.at !== "") body["at"] = given.at.length === 16 ? `${given.at}:00` : given.at;
  if (given.profile.trim() !== "") body["profile"] = json(given.profile);
  if (!given.asr) body["asr"] = [];
  else body["asr"] = [...languages];
  const lookups: Record<string, unknown> = {};
  for (const one of given.lookups) {
    if (one.call === "") continue;
    lookups[one.call] = { outcome: one.outcome, result: one.result.trim() === "" ? null : json(one.result), delay: one.delay };
  }
  if (Object.keys(lookups).length > 0) body["lookups"] = lookups;
  return body;
}

/** JSON, or the lax way people write it: `name: 李强, tier: gold`. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const pairs = text.split(/[\n,]/).map((one) => /^\s*([\w.]+)\s*[:=]\s*(.*?)\s*$/.exec(one)).filter((one) => one !== null);
    if (pairs.length === 0 || text.trim().startsWith("{") || text.trim().startsWith("[")) throw error;
    return Object.fromEntries(pairs.map((one) => [one[1] ?? "", scalar(one[2] ?? "")]));
  }
}

function scalar(text: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text === "true" ? true : text === "false" ? false : text.replace(/^["']|["']$/g, "");
}

function load(flow: string): Given {
  try {
    return { ...FRESH, ...(JSON.parse(localStorage.getItem(STORED + flow) ?? "{}") as Partial<Given>) };
  } catch {
    return FRESH;
  }
}

function problemWords(error: unknown): string {
  if (error instanceof ApiError && error.code === "invalid") {
    const first = (error.more["problems"] as { line: number; message: string; cure: string }[] | undefined)?.[0];
    if (first !== undefined) return `${first.line}: ${first.message} ${first.cure}`.trim();
  }
  return wordsOf(error);
}
