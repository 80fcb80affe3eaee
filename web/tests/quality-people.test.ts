import { h, render } from "preact";
import { act } from "preact/test-utils";
import { expect, it, vi } from "vitest";
import { Refused } from "../src/net/ask";
import * as api from "../src/quality/api";
import type { Card } from "../src/quality/model";
import { useCards, usePeople } from "../src/quality/people";

it("agents, who may not read the reviewers' list, have cards and do not ask for it", async () => {
  const people = vi.spyOn(api, "people").mockRejectedValue(new Refused(403, "not_allowed", "reviewers"));
  const card = { name: "hotline" } as Card;
  const cards = vi.spyOn(api, "cards").mockResolvedValue({ cards: [card], problems: 0 });
  let seen: Card[] = [];
  const Own = (): null => ((seen = useCards()), null);
  await act(() => render(h(Own, null), document.body));
  await vi.waitFor(() => expect(seen).toEqual([card]));
  expect([people.mock.calls.length, cards.mock.calls.length]).toEqual([0, 1]);
});

it("what could not be read is asked for again by what is drawn next", async () => {
  const person = { id: "ann", name: "Ann" };
  const people = vi.spyOn(api, "people").mockRejectedValueOnce(new Error("offline")).mockResolvedValue({ agents: [person], reviewers: [] });
  let seen: { id: string }[] = [];
  const Picker = (): null => ((seen = usePeople().agents), null);
  people.mockClear();
  await act(() => render(h(Picker, { key: "one" }), document.body));
  await act(() => render(h(Picker, { key: "two" }), document.body));
  await vi.waitFor(() => expect(seen).toEqual([person]));
  expect(people.mock.calls.length).toBe(2);
});
