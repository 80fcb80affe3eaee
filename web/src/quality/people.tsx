import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import * as api from "./api";
import type { Card, Person } from "./model";
import { textOf } from "./words";

/** For the pickers: reviewers' names, and cards, which agents may read too. */
export const usePeople = once(() => api.people(), { agents: [] as Person[], reviewers: [] as Person[] });
export const useCards = once(() => api.cards().then((found) => found.cards), [] as Card[]);

/** What is read when it is first drawn, and kept. */
function once<Given>(read: () => Promise<Given>, before: Given): () => Given {
  const found = signal(before);
  let asked = false;
  const ask = async (): Promise<void> => {
    if (asked) return;
    asked = true;
    try {
      found.value = await read();
    } catch {
      // Without names a picker has but "all"; the next page that is opened asks again.
      asked = false;
    }
  };
  return () => {
    useEffect(() => void ask(), []);
    return found.value;
  };
}

interface Choice {
  label: string;
  /** Words for nobody in particular. */
  all: string;
  value: string;
  choose(id: string): void;
}

export function PersonSelect({ label, all: everybody, of, value, choose }: Choice & { of: "agents" | "reviewers" }): JSX.Element {
  const people = usePeople()[of];
  const known = value === "" || people.some((one) => one.id === value);
  return (
    <select aria-label={label} data-testid={`pick-${of}`} value={value} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{everybody}</option>
      {!known && <option value={value}>{value}</option>}
      {people.map(({ id, name }) => <option key={id} value={id}>{name || id}</option>)}
    </select>
  );
}

export function CardSelect({ label, all: any, value, choose }: Choice): JSX.Element {
  return (
    <select aria-label={label} data-testid="pick-card" value={value} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{any}</option>
      {useCards().map((card) => <option key={card.name} value={card.name}>{textOf(card.title) || card.name}</option>)}
    </select>
  );
}
