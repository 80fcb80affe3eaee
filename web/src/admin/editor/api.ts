import type { Names, Problem, Schema } from "../api";
import type { Explained } from "./explain";

/** What a page hands to the editor, which is loaded only when one is opened. */
export interface EditorOptions {
  text: string;
  /** Read aloud for the text box. */
  label: string;
  readOnly: boolean;
  /** `flow` completes and explains; `plain` only colours. */
  kind: "flow" | "plain";
  schema(): Schema | null;
  names(): Names | null;
  onChange(text: string): void;
  /** The cursor moved; `about` is what the word there means. */
  onCursor(line: number, column: number, about: Explained | null): void;
  /** Ctrl-S and Ctrl-Enter. */
  onKeep(): void;
  onTry(): void;
}

export interface EditorHandle {
  setText(text: string): void;
  setProblems(problems: readonly Problem[]): void;
  setReadOnly(readOnly: boolean): void;
  /** Words of the editor itself in the language of the page. */
  speak(): void;
  goTo(line: number, column: number, focus: boolean): void;
  format(text: string): void;
  focus(): void;
  destroy(): void;
}
