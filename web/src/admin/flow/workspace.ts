import { computed, effect, signal } from "@preact/signals";
import { language } from "../../i18n";
import { ask, ApiError, type Counts, type Coverage, type Diagram, type Flow, type Problem, type Schema, type TestRun } from "../api";
import type { Explained } from "../editor/explain";
import { outline, stateAt } from "../editor/outline";
import { complain, onNews, watch } from "../store";
import { Document, type Saved } from "./document";

export type Panel = "text" | "diagram" | "try" | "tests";

const CHECK_MS = 350;
const DRAW_MS = 500;

export const schema = signal<Schema | null>(null);

/** One open flow: its text and what is known about it. */
export class Workspace {
  readonly flow = signal<Flow | null>(null);
  readonly failed = signal<ApiError | null>(null);
  readonly problems = signal<Problem[]>([]);
  readonly checking = signal(false);
  readonly cursor = signal({ line: 1, column: 1 });
  readonly about = signal<Explained | null>(null);
  readonly panel = signal<Panel>("diagram");
  readonly diagram = signal<Diagram | null>(null);
  readonly inherited = signal(false);
  readonly direction = signal<"down" | "right">("down");
  readonly live = signal(true);
  readonly counts = signal<Counts | null>(null);
  readonly run = signal<TestRun | null>(null);
  readonly showCoverage = signal(true);
  readonly running = signal(false);
  /** The state that a conversation in the simulator is in. */
  readonly playing = signal("");
  readonly document: Document;
  readonly test: Document;
  readonly testFile = signal("");
  readonly outline = computed(() => outline(this.document.text.value));
  readonly current = computed(() => stateAt(this.outline.value.states, this.cursor.value.line)?.name ?? "");
  readonly errors = computed(() => this.problems.value.filter((one) => one.severity === "error").length);
  readonly coverage = computed<Coverage | null>(() => (this.showCoverage.value ? (this.run.value?.coverage ?? null) : null));
  /** Set by the editor when it is there. */
  goTo: (line: number, column: number, focus: boolean) => void = () => undefined;
  show: (text: string) => void = () => undefined;
  showTest: (text: string) => void = () => undefined;
  goToTest: (line: number, column: number) => void = () => undefined;
  private readonly ends: (() => void)[] = [];
  private checkTimer: ReturnType<typeof setTimeout> | undefined;
  private drawTimer: ReturnType<typeof setTimeout> | undefined;
  private asking: AbortController | null = null;
  private drawing: AbortController | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly name: string) {
    this.document = new Document(`flow:${name}`, {
      read: () => ask<Flow>("GET", this.path()),
      save: (text, stamp) => ask<Saved>("PUT", this.path("/draft"), { text, stamp }),
    }, (text) => this.show(text), (saved) => this.saved(saved));
    this.test = new Document(`test:${name}`, {
      read: async () => {
        const flow = await ask<Flow>("GET", this.path());
        return { ...flow, text: flow.test?.text ?? "", stamp: flow.test?.stamp ?? "" };
      },
      save: (text, stamp) => ask<Saved>("PUT", this.path("/test"), { text, stamp }),
    }, (text) => this.showTest(text));
    this.ends.push(onNews((type, data) => this.hear(type, data)));
  }

  path(rest = ""): string {
    return `/flows/${encodeURIComponent(this.name)}${rest}`;
  }

  async open(): Promise<void> {
    try {
      const flow = await ask<Flow>("GET", this.path());
      if (schema.value === null) schema.value = await ask<Schema>("GET", "/schema").catch(() => null);
      this.failed.value = null;
      this.document.open(flow.text, flow.stamp);
      this.test.open(flow.test?.text ?? "", flow.test?.stamp ?? "");
      this.testFile.value = flow.test?.file ?? flow.file.replace(/\.yaml$/, ".test.yaml");
      this.flow.value = flow;
      this.ends.push(
        effect(() => {
          void this.document.text.value;
          this.checkLater();
        }),
        effect(() => {
          void [this.document.text.value, this.inherited.value, this.direction.value, this.coverage.value, language.value];
          this.drawLater();
        }),
      );
      watch(this.name);
    } catch (error) {
      this.failed.value = error instanceof ApiError ? error : new ApiError(0, "", String(error));
      if (this.failed.value.offline) this.retry = setTimeout(() => void this.open(), 2000);
    }
  }

  close(): void {
    for (const end of this.ends) end();
    for (const timer of [this.checkTimer, this.drawTimer, this.retry]) clearTimeout(timer);
    this.asking?.abort();
    this.drawing?.abort();
    this.document.close();
    this.test.close();
    watch("");
  }

  /** Read what is live again: after publishing, or where somebody else did. */
  async refresh(): Promise<void> {
    try {
      const flow = await ask<Flow>("GET", this.path());
      this.flow.value = flow;
      void this.document.changedElsewhere(flow.stamp);
    } catch (error) {
      complain(error);
    }
  }

  async format(): Promise<void> {
    const before = this.document.text.value;
    try {
      const { text } = await ask<{ text: string }>("POST", "/format", { text: before });
      if (this.document.text.value !== before) return;
      this.show(text);
      this.document.edit(text);
    } catch (error) {
      complain(error);
    }
  }

  async discard(): Promise<void> {
    await this.document.flush();
    try {
      const { text, stamp } = await ask<{ text: string; stamp: string }>("DELETE", `${this.path("/draft")}?stamp=${encodeURIComponent(this.document.stamp)}`);
      this.document.replace(text, stamp);
      await this.refresh();
    } catch (error) {
      complain(error);
    }
  }

  async runTests(): Promise<void> {
    this.running.value = true;
    try {
      this.run.value = await ask<TestRun>("POST", this.path("/test/run"), { text: this.document.text.value, test: this.test.text.value });
      this.showCoverage.value = true;
    } catch (error) {
      complain(error);
    }
    this.running.value = false;
  }

  private saved(saved: Saved): void {
    const flow = this.flow.value;
    if (flow !== null) {
      const same = this.document.text.value === flow.live_text;
      this.flow.value = { ...flow, stamp: saved.stamp, draft: same ? null : { by: saved.by, at: saved.at } };
    }
  }

  private hear(type: string, data: Record<string, unknown>): void {
    if (type === "open") {
      watch(this.name);
      this.document.reconnected();
      this.test.reconnected();
      this.checkLater();
      if (this.flow.value !== null) void this.refresh();
    } else if (data["flow"] !== this.name) return;
    else if (type === "counts") this.counts.value = data as unknown as Counts;
    else if (type === "draft") void this.document.changedElsewhere(String(data["stamp"] ?? "")).catch(() => undefined);
    else if (type === "published") void this.refresh();
  }

  private checkLater(): void {
    clearTimeout(this.checkTimer);
    this.checkTimer = setTimeout(() => void this.check(), CHECK_MS);
  }

  async check(): Promise<void> {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.checking.value = true;
    try {
      const found = await ask<{ problems: Problem[] }>("POST", "/check", { text: this.document.text.value, name: this.name }, asking.signal);
      this.problems.value = found.problems;
    } catch (error) {
      if (error instanceof ApiError && !error.offline && error.status !== 429) complain(error);
      else if (error instanceof ApiError && error.status === 429) this.checkLater();
    }
    if (this.asking === asking) this.checking.value = false;
  }

  private drawLater(): void {
    clearTimeout(this.drawTimer);
    this.drawTimer = setTimeout(() => void this.draw(), this.diagram.value === null ? 0 : DRAW_MS);
  }

  private async draw(): Promise<void> {
    this.drawing?.abort();
    const drawing = (this.drawing = new AbortController());
    const coverage = this.coverage.value;
    try {
      const drawn = await ask<Diagram>("POST", "/diagram", {
        text: this.document.text.value,
        language: language.value,
        inherited: this.inherited.value,
        direction: this.direction.value,
        counts: false,
        coverage,
      }, drawing.signal);
      // A text with an error keeps the last picture.
      if (drawn.svg !== null || this.diagram.value === null) this.diagram.value = drawn;
    } catch (error) {
      if (error instanceof ApiError && error.status === 429) this.drawLater();
    }
  }
}

