import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { WholeThread, WholeTicket } from "../src/inbox/model";
import { Talk } from "../src/inbox/Talk";
import { TicketPanel } from "../src/inbox/TicketPanel";

const THREAD = { id: "m-1", agent_id: "", status: "assigned", channel: "chat", name: "", subject: "", queue: "", language: "", tags: [] };
const TALK = { thread: THREAD, messages: [], addresses: [], tickets: [] } as unknown as WholeThread;
const TICKET = { id: "T-000001", subject: "x", status: "open", priority: "low", assignee: "", queue: "", tags: [], body: "", caller_number: "", links: [], story: [], clocks: { respond: null, resolve: null } } as unknown as WholeTicket;

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
});
afterEach(() => {
  render(null, document.body);
  vi.unstubAllGlobals();
});

const field = <Kind extends HTMLElement>(name: string): Kind => document.querySelector<Kind>(`[data-testid="${name}"]`)!;

async function type(name: string, text: string): Promise<void> {
  const box = field<HTMLTextAreaElement>(name);
  box.value = text;
  await act(() => void box.dispatchEvent(new Event("input", { bubbles: true })));
}

/** A call comes: the page shows that, and then this again. */
async function anew(node: Parameters<typeof render>[0]): Promise<void> {
  await act(() => render(null, document.body));
  await act(() => render(node, document.body));
}

it("a note that a call interrupts is there again, as a note", async () => {
  await anew(h(Talk, { whole: TALK }));
  await type("composer", "says he is angry");
  await act(() => field("as-note").click());
  await type("composer", "says he is angry, and is right");
  await anew(h(Talk, { whole: TALK }));
  expect([field<HTMLTextAreaElement>("composer").value, field<HTMLInputElement>("as-note").checked]).toEqual(["says he is angry, and is right", true]);
  await act(() => field("as-note").click());
  await anew(h(Talk, { whole: TALK }));
  expect([field<HTMLTextAreaElement>("composer").value, field<HTMLInputElement>("as-note").checked]).toEqual(["says he is angry, and is right", false]);
});

it("so is a comment on a ticket", async () => {
  await anew(h(TicketPanel, { ticket: TICKET }));
  await type("ticket-comment", "half a word");
  await anew(h(TicketPanel, { ticket: TICKET }));
  expect(field<HTMLTextAreaElement>("ticket-comment").value).toBe("half a word");
});

it("what could not be sent is there after a reload, under the same key", async () => {
  vi.resetModules();
  const before = await import("../src/inbox/store");
  before.write("m-1", "good day", false);
  await vi.waitFor(() => expect(before.unsent.value["m-1"]?.[0]?.state).toBe("failed"));
  const [line] = before.unsent.value["m-1"] ?? [];
  vi.resetModules();
  const { unsent } = await import("../src/inbox/store");
  expect(unsent.value).toEqual({ "m-1": [line] });
});
