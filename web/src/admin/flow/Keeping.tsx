import type { JSX } from "preact";
import { t } from "../words";
import type { Document, Keeping as Kept } from "./document";

const KIND: Record<Kept, "good" | "waiting" | "attention" | "danger"> = {
  kept: "good",
  typing: "waiting",
  saving: "waiting",
  offline: "attention",
  stale: "danger",
  conflict: "danger",
  refused: "danger",
};

/** Where what is typed is kept, in a word that has its place. */
export function Keeping({ document, id = "keeping" }: { document: Document; id?: string }): JSX.Element {
  const state = document.keeping.value;
  return (
    <span class={`keeping ${KIND[state]}`} role="status" data-testid={id} data-state={state}>
      <span class={`shape ${KIND[state]}`} aria-hidden="true" />
      <span>{t(`keeping.${state}`)}</span>
    </span>
  );
}
