import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nextIndex, reduceChat, SILENT, type ChatState } from "../src/chat/reducer";
import { inboxEn, type InboxKey } from "../src/i18n/inbox-en";
import { inboxZh } from "../src/i18n/inbox-zh";
import { en } from "../src/i18n/en";
import { speak } from "../src/i18n";
import { NOTHING, type InboxState, type Message, type Thread, type WholeThread } from "../src/inbox/model";
import { inOrder, reduceInbox, reduceOpen, unreadIn, withMessage, withThread } from "../src/inbox/reducer";
import { plain, span } from "../src/inbox/words";
import { tagsIn } from "../src/inbox/TicketPanel";

const thread = (more: Partial<Thread> = {}): Thread => ({
  id: "m-1",
  channel: "chat",
  source: "chat",
  customer: "u-1",
  name: "Li",
  subject: "",
  language: "zh",
  status: "assigned",
  queue: "support",
  agent_id: "me",
  tags: [],
  count: 1,
  seen: 0,
  unread: 1,
  created_at: 1,
  updated_at: 1,
  queued_at: 1,
  asked_at: 1,
  ...more,
});
const message = (index: number, more: Partial<Message> = {}): Message => ({
  index,
  at: index,
  direction: "in",
  author: "",
  text: `text ${index}`,
  status: "received",
  reason: "",
  ...more,
});
const mine: InboxState = { ...NOTHING, ready: true, choices: { ...NOTHING.choices, agent: "me" } };

describe("the lists of the inbox", () => {
  it("have a thread in one place: with whoever has it, among the waiting, or nowhere", () => {
    const has = withThread(mine, thread());
    expect(has.threads.map((one) => one.id)).toEqual(["m-1"]);
    const back = withThread(has, thread({ status: "waiting", agent_id: "", updated_at: 2 }));
    expect([back.threads.length, back.waiting.length]).toEqual([0, 1]);
    const theirs = withThread(back, thread({ agent_id: "bob", updated_at: 3 }));
    expect([theirs.threads.length, theirs.waiting.length]).toEqual([0, 0]);
  });

  it("let no older news undo newer", () => {
    const newer = withThread(mine, thread({ updated_at: 5, count: 4 }));
    expect(withThread(newer, thread({ updated_at: 4 }))).toBe(newer);
    expect(withThread(newer, thread({ updated_at: 6, count: 3 }))).toBe(newer);
  });

  it("show an offer until it ends", () => {
    const asked = reduceInbox(mine, { type: "inbox_offer", data: { thread_id: "m-1", until: 9 } });
    expect(asked.offers).toEqual([{ thread_id: "m-1", until: 9 }]);
    expect(reduceInbox(asked, { type: "inbox_offer_ended", data: { thread_id: "m-1", reason: "missed" } }).offers).toEqual([]);
    expect(reduceInbox(mine, { type: "queues", data: {} })).toBe(mine);
  });

  it("begin with who waits longest for an answer", () => {
    const rows = [thread({ id: "a", asked_at: null, updated_at: 9 }), thread({ id: "b", asked_at: 5 }), thread({ id: "c", asked_at: 2 })];
    expect(inOrder(rows).map((one) => one.id)).toEqual(["c", "b", "a"]);
  });

  it("count what nobody read", () => {
    expect(unreadIn([thread({ unread: 2 }), thread({ status: "pending", asked_at: null, unread: 7 })])).toBe(2);
  });
});

describe("an open thread", () => {
  const open: WholeThread = { thread: thread(), messages: [message(0)], addresses: [], tickets: [] };

  it("takes its own news, and a message once", () => {
    const after = reduceOpen(open, { type: "inbox_message", data: { thread_id: "m-1", message: message(1), thread: thread({ count: 2 }) } });
    const again = reduceOpen(after, { type: "inbox_message", data: { thread_id: "m-1", message: message(1, { status: "failed" }) } });
    expect(again?.messages.map((one) => [one.index, one.status])).toEqual([
      [0, "received"],
      [1, "failed"],
    ]);
    expect(again?.thread.count).toBe(2);
  });

  it("is left alone by another's", () => {
    expect(reduceOpen(open, { type: "inbox_message", data: { thread_id: "m-2", message: message(1) } })).toBe(open);
    expect(reduceOpen(null, { type: "inbox_thread", data: { thread: thread() } })).toBeNull();
  });

  it("keeps messages in order, whichever comes first", () => {
    expect([3, 1, 2].map((n) => message(n)).reduce(withMessage, [] as Message[]).map((one) => one.index)).toEqual([1, 2, 3]);
  });
});

describe("the visitor's chat", () => {
  const welcome = { type: "welcome", data: { greeting: { en: "Hi" }, ask: ["name"], thread: "" } };
  const line = { index: 0, at: 1, direction: "in" as const, text: "help", name: "" };

  it("shows what was said at once, and once", () => {
    let state: ChatState = reduceChat(SILENT, welcome, 0);
    state = reduceChat(state, { type: "wrote", key: "k", text: "help" }, 0);
    expect(state.unsent.map((one) => one.text)).toEqual(["help"]);
    state = reduceChat(state, { type: "message", data: line }, 0);
    state = reduceChat(state, { type: "taken", key: "k", thread: "m-1", line }, 0);
    expect([state.unsent.length, state.lines.length, state.thread, nextIndex(state)]).toEqual([0, 1, "m-1", 1]);
  });

  it("says why something was not sent, and keeps it", () => {
    let state = reduceChat(SILENT, { type: "wrote", key: "k", text: "help" }, 0);
    state = reduceChat(state, { type: "refused", key: "k", why: "too fast" }, 0);
    expect(state.unsent).toEqual([{ key: "k", text: "help", failed: "too fast" }]);
  });

  it("keeps its lines when it comes back to the same conversation, and drops those of another", () => {
    const state = { ...SILENT, thread: "m-1", lines: [line] };
    expect(reduceChat(state, { type: "welcome", data: { thread: "m-1" } }, 0).lines).toHaveLength(1);
    expect(reduceChat(state, { type: "welcome", data: { thread: "m-2" } }, 0).lines).toEqual([]);
  });

  it("follows who is there", () => {
    const state = reduceChat(SILENT, { type: "phase", data: { status: "assigned", agent: "Wang", position: 0 } }, 0);
    expect([state.status, state.agent]).toEqual(["assigned", "Wang"]);
    expect(reduceChat(state, { type: "typing", data: {} }, 77).typedAt).toBe(77);
  });
});

describe("words of inbox and chat", () => {
  const own = Object.keys(inboxEn) as InboxKey[];
  const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

  it("say the same in both languages, and nothing that other pages say already", () => {
    expect(Object.keys(inboxZh).sort()).toEqual([...own].sort());
    expect(own.filter((key) => inboxZh[key] === "" || holes(inboxZh[key]).join() !== holes(inboxEn[key]).join())).toEqual([]);
    expect(own.filter((key) => key in en)).toEqual([]);
  });

  it("hold every key only because something uses it", () => {
    const text = ["inbox", "chat"]
      .flatMap((folder) => readdirSync(join("src", folder)).map((name) => readFileSync(join("src", folder, name), "utf8")))
      .join("\n");
    const families = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? "");
    const prefixes = [...text.matchAll(/called\("(\w+)"/g)].map((match) => `${match[1]}.`);
    const unused = own.filter((key) => !text.includes(`"${key}"`) && ![...families, ...prefixes].some((one) => key.startsWith(one)));
    expect(unused).toEqual([]);
  });

  it("say long times in their largest parts", () => {
    speak("en");
    expect([59, 60 * 12, 3600 * 4 + 300, -90_000, 172_800 * 2].map(span)).toEqual(["0 min", "12 min", "4 h 5 min", "25 h 0 min", "4 d"]);
    expect([plain("tel:+861"), plain("mailto:a@b.c"), plain("wx:1")]).toEqual(["+861", "a@b.c", "wx:1"]);
  });

  it("take tags as people type them, with Chinese commas too", () => {
    expect(tagsIn(" 账单，急 件; vip,, ")).toEqual(["账单", "急-件", "vip"]);
  });
});
