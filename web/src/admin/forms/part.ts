import { computed, signal } from "@preact/signals";
import { ApiError, ask, type Part, type Problem } from "../api";
import { complain, notice, onNews } from "../store";
import { forgetLocal, keepLocal, loadLocal, opening } from "../text/drafts";
import { t } from "../words";
import { mergeValues, same, type MergedValue, type Plain } from "./model";

/** One part of the settings, as a form. Nothing is written before a person says so; what is typed outlives the page. */
export class PartForm {
  readonly part = signal<Part | null>(null);
  readonly value = signal<Plain>(null);
  readonly problems = signal<Problem[]>([]);
  readonly failed = signal<ApiError | null>(null);
  readonly saving = signal(false);
  readonly stale = signal<{ theirs: Plain; base: Plain; stamp: string; by: string } | null>(null);
  readonly restored = signal(false);
  readonly dirty = computed(() => this.part.value !== null && !same(this.value.value, this.base.value));
  /** What still begins with the next start, after saving. */
  readonly restart = signal<string[]>([]);
  private readonly base = signal<Plain>(null);
  private stamp = "";
  private readonly end: () => void;

  constructor(readonly name: string) {
    this.end = onNews((type, data) => {
      if (type === "open") void this.read(false);
      if (type === "configuration" && data["part"] === name && data["stamp"] !== this.stamp) void this.read(false, String(data["by"] ?? ""));
    });
  }

  async read(first: boolean, by = ""): Promise<void> {
    try {
      const part = await ask<Part>("GET", `/configuration/${this.name}`);
      this.failed.value = null;
      const value = part.value as Plain;
      if (first || this.part.value === null) this.open(part, value);
      else if (part.stamp !== this.stamp) this.moved(part, value, by);
    } catch (error) {
      if (error instanceof ApiError && this.part.value === null) this.failed.value = error;
    }
  }

  change(value: Plain): void {
    this.value.value = value;
    if (this.problems.value.length > 0) notice.value = null;
    this.problems.value = [];
    this.keepHere();
  }

  async save(note: string): Promise<void> {
    this.saving.value = true;
    this.problems.value = [];
    try {
      const part = await ask<Part>("PUT", `/configuration/${this.name}`, { stamp: this.stamp, value: this.value.value, note });
      this.take(part, part.value as Plain);
      this.restart.value = part.restart ?? [];
      const words = this.restart.value.length > 0 ? t("form.saved_restart") : t("form.saved");
      const warnings = (part.warnings ?? []).map((one) => (typeof one === "string" ? one : one.message));
      notice.value = { kind: warnings.length > 0 ? "attention" : "good", words: [words, ...warnings].join(" · ") };
    } catch (error) {
      this.refused(error);
    }
    this.saving.value = false;
  }

  merged(): MergedValue {
    const stale = this.stale.value;
    return stale === null ? { value: this.value.value, conflicts: [] } : mergeValues(stale.base, this.value.value, stale.theirs);
  }

  resolve(value: Plain): void {
    const stale = this.stale.value;
    if (stale === null) return;
    this.base.value = stale.theirs;
    this.stamp = stale.stamp;
    this.value.value = value;
    this.stale.value = null;
    this.keepHere();
  }

  reset(): void {
    this.value.value = this.base.value;
    this.problems.value = [];
    this.restored.value = false;
    forgetLocal(`form:${this.name}`);
  }

  close(): void {
    this.end();
  }

  private open(part: Part, value: Plain): void {
    const local = loadLocal(`form:${this.name}`);
    const found = opening(local, JSON.stringify(value), part.stamp);
    this.take(part, value);
    if (found.kind === "clean") return;
    this.value.value = JSON.parse(found.draft.text) as Plain;
    this.restored.value = true;
    if (found.kind === "stale") this.stale.value = { theirs: value, base: JSON.parse(found.draft.base) as Plain, stamp: part.stamp, by: "" };
    this.keepHere();
  }

  private moved(part: Part, value: Plain, by: string): void {
    if (!this.dirty.value) this.take(part, value);
    else this.stale.value = { theirs: value, base: this.base.value, stamp: part.stamp, by };
  }

  private take(part: Part, value: Plain): void {
    this.part.value = part;
    this.base.value = value;
    this.value.value = value;
    this.stamp = part.stamp;
    this.stale.value = null;
    this.restored.value = false;
    forgetLocal(`form:${this.name}`);
  }

  private refused(error: unknown): void {
    if (error instanceof ApiError && error.code === "stale") {
      const more = error.more as { theirs?: Plain; stamp?: string; by?: string };
      this.stale.value = { theirs: more.theirs ?? null, base: this.base.value, stamp: more.stamp ?? "", by: more.by ?? "" };
    } else if (error instanceof ApiError && error.code === "invalid") {
      this.problems.value = (error.more["problems"] as Problem[] | undefined) ?? [];
      notice.value = { kind: "danger", words: t("form.invalid", { n: this.problems.value.length }) };
    } else complain(error);
  }

  private keepHere(): void {
    if (this.part.value === null) return;
    if (!this.dirty.value) return forgetLocal(`form:${this.name}`);
    keepLocal(`form:${this.name}`, {
      text: JSON.stringify(this.value.value),
      base: JSON.stringify(this.base.value),
      revision: this.stamp,
      at: Date.now(),
    });
  }
}
