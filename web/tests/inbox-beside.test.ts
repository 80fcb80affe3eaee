import { beforeEach, describe, expect, it, vi } from "vitest";
import { desk } from "../src/desk/store";
import { EMPTY, type Contact } from "../src/desk/model";
import { PLAIN, type Scene } from "../src/desk/side/book";
import { book, put, pushed, scene, takeCards } from "../src/desk/side/store";
import { written } from "../src/desk/side/subject";
import { NOTHING, offered, type Ticket, type WholeThread, type WholeTicket } from "../src/inbox/model";
import { reduceInbox, withTicket } from "../src/inbox/reducer";
import { chosen, customer, hear, inbox, newTickets, openThread, openTicket, unread, view } from "../src/inbox/store";
import { ofThread, ofTicket } from "../src/inbox/subject";

const ticket = (more: Partial<WholeTicket> = {}): WholeTicket => ({
  id: "T-000001",
  subject: "fee",
  body: "",
  kind: "desk",
  priority: "normal",
  status: "open",
  assignee: "me",
  queue: "office",
  tags: ["vip"],
  customer: "",
  caller_number: "+491",
  caller_name: "Li",
  language: "zh",
  created_at: 1,
  updated_at: 1,
  clocks: { respond: null, resolve: { due_at: 500, left: 400, state: "running" } },
  story: [],
  links: [],
  ...more,
});
const whole: WholeThread = {
  thread: {
    ...{ id: "m-1", channel: "chat", source: "chat", customer: "u-1", name: "Li", subject: "", language: "zh", status: "assigned" as const },
    ...{ queue: "support", agent_id: "me", tags: [], count: 2, seen: 0, unread: 1, created_at: 1, updated_at: 1, queued_at: 1, asked_at: 1 },
  },
  messages: [
    { index: 0, at: 1, direction: "in", author: "", text: "漫游", status: "received", reason: "" },
    { index: 1, at: 2, direction: "note", author: "me", text: "for us", status: "sent", reason: "" },
  ],
  addresses: [],
  tickets: [],
};
const mine = { ...NOTHING, ready: true, choices: { ...NOTHING.choices, agent: "me" } };
const named = (name: string, channel: string): Scene => ({ ...PLAIN, name, fits: { ...PLAIN.fits, channel: [channel] } });

beforeEach(() => {
  vi.stubGlobal("fetch", () => Promise.reject(new Error("away")));
  book.value = { ...book.peek(), scenes: [named("message", "message"), named("ticket", "ticket"), named("call", "sip")] };
  inbox.value = mine;
  chosen.value = openThread.value = openTicket.value = customer.value = null;
  view.value = "inbox";
  newTickets.value = new Set();
});

describe("tickets that come by a queue", () => {
  it("stand among mine by what is due, and leave with their owner", () => {
    const later: Ticket = ticket();
    const sooner: Ticket = ticket({ id: "T-000002", clocks: { respond: { due_at: 100, left: 9, state: "running" }, resolve: null } });
    const both = withTicket(withTicket(mine, later), sooner);
    expect(both.tickets.map((one) => one.id)).toEqual(["T-000002", "T-000001"]);
    expect(withTicket(both, { ...sooner, assignee: "bob" }).tickets.map((one) => one.id)).toEqual(["T-000001"]);
    expect(withTicket(both, { ...later, status: "solved" }).tickets.map((one) => one.id)).toEqual(["T-000002"]);
  });

  it("are offered beside conversations", () => {
    const offer = (data: object) => ({ type: "inbox_offer", at: 0, seq: 1, data });
    const both = [offer({ thread_id: "m-1", until: 9 }), offer({ ticket_id: "T-000001", until: 9 })].reduce(reduceInbox, mine);
    expect(both.offers.map(offered)).toEqual(["m-1", "T-000001"]);
    const ended = reduceInbox(both, { type: "inbox_offer_ended", at: 0, seq: 2, data: { ticket_id: "T-000001", reason: "gone" } });
    expect(ended.offers.map(offered)).toEqual(["m-1"]);
  });

  it("are news until they are looked at, or are somebody else's", () => {
    const told = (what: string, more: Partial<Ticket> = {}) =>
      hear({ type: "inbox_ticket", at: 0, seq: 1, data: { ticket: ticket(more), what } });
    told("");
    expect(unread.value).toBe(0);
    told("assigned");
    told("late");
    expect(unread.value).toBe(1);
    told("", { assignee: "bob" });
    expect([unread.value, inbox.value.tickets.length]).toEqual([0, 0]);
  });
});

describe("what stands beside what is written", () => {
  it("is the scene of its channel, and the call's again afterwards", () => {
    desk.value = { ...EMPTY, contact: { ...(ofTicket(ticket()) as Contact), id: "c-1", channel: "sip" } };
    openThread.value = whole;
    chosen.value = { kind: "thread", id: "m-1" };
    expect([written.value?.id, scene.value.name]).toEqual(["m-1", "message"]);
    openTicket.value = ticket();
    chosen.value = { kind: "ticket", id: "T-000001" };
    expect([written.value?.id, scene.value.name]).toEqual(["T-000001", "ticket"]);
    view.value = "call";
    expect([written.value, scene.value.name]).toEqual([null, "call"]);
  });

  it("has the words of the two and no notes", () => {
    const contact = ofThread(whole, { customer: "u-1", addresses: [{ address: "tel:+491", verified: true }], entries: [] });
    expect(contact.turns.map((one) => `${one.speaker} ${one.text}`)).toEqual(["caller 漫游"]);
    expect(contact.caller.number).toBe("+491");
  });

  it("keeps cards of the call and of what is written apart", () => {
    desk.value = { ...EMPTY, contact: { ...(ofTicket(ticket()) as Contact), id: "c-1", channel: "sip" } };
    openThread.value = whole;
    chosen.value = { kind: "thread", id: "m-1" };
    takeCards({ contact_id: "m-1", cards: [{ name: "roaming", why: "漫游" }] });
    takeCards({ contact_id: "c-1", cards: [{ name: "bill", why: "账单" }] });
    expect(pushed.value.map((one) => one.name)).toEqual(["roaming"]);
    view.value = "call";
    expect(pushed.value.map((one) => one.name)).toEqual(["bill"]);
  });

  it("is ticked for the conversation that is open", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", (path: string) => {
      asked.push(path);
      return Promise.resolve(new Response("{}"));
    });
    openThread.value = whole;
    chosen.value = { kind: "thread", id: "m-1" };
    await put({ kind: "step", name: "answer_in_writing.read", value: "done" });
    expect(asked.at(-1)).toContain("/contacts/m-1/marks");
  });
});
