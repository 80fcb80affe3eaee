import type { JSX } from "preact";

interface LineProps {
  kind: "waiting" | "attention" | "danger";
  id: string;
  words: string;
  children?: JSX.Element;
}

/** One line of trouble: a shape, words, and what can be done about it. */
export function Line({ kind, id, words, children }: LineProps): JSX.Element {
  return (
    <div class={`notice ${kind}`} data-testid={`notice-${id}`}>
      <span class={`shape ${kind}`} aria-hidden="true" />
      <p>{words}</p>
      {children}
    </div>
  );
}
