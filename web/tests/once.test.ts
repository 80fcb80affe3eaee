import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { desk } from "../src/desk/store";
import { act } from "../src/desk/side/store";
import { chosen, choose, customer, makeTicket } from "../src/inbox/store";

interface Asked {
  path: string;
  body: Record<string, unknown>;
  answer: (found: unknown) => void;
  fail: () => void;
}
let asked: Asked[] = [];

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", (path: string, init?: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      const body = JSON.parse(typeof init?.body === "string" ? init.body : "{}") as Record<string, unknown>;
      const answer = (found: unknown): void => resolve(Response.json(found));
      asked.push({ path: String(path), body, answer, fail: () => reject(new TypeError("no network")) });
    }),
  );
});

afterEach(() => vi.unstubAllGlobals());

const last = (part: string): Asked => {
  const found = asked.filter((one) => one.path.includes(part)).at(-1);
  if (found === undefined) throw new Error(`nobody asked for ${part}`);
  return found;
};
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

it("orders an action once, though the first answer was lost", async () => {
  desk.value = { ...desk.value, contact: { id: "c-1", turns: [] } as never };
  const first = act("refund", { amount: 5 });
  last("/actions").fail();
  expect(await first).toBe(false);
  const before = last("/actions").body["id"];
  const second = act("refund", { amount: 5 });
  expect(last("/actions").body["id"]).toBe(before);
  last("/actions").answer({ run: { id: "r-1" } });
  expect(await second).toBe(true);
  void act("refund", { amount: 5 });
  expect(last("/actions").body["id"], "another order").not.toBe(before);
});

it("makes a ticket once, though the first answer was lost", async () => {
  const first = makeTicket({ subject: "bill", thread: "m-1" });
  last("inbox/tickets").fail();
  expect(await first).toBe(false);
  const before = last("inbox/tickets").body["key"];
  void makeTicket({ subject: "bill", thread: "m-1" });
  expect(last("inbox/tickets").body["key"]).toBe(before);
});

it("shows the customer of what is open, whichever answer comes first", async () => {
  const slow = choose("thread", "m-1");
  last("threads/m-1").answer({ thread: { id: "m-1", count: 0, seen: 0 }, messages: [] });
  await vi.waitFor(() => last("thread=m-1"));
  const late = last("thread=m-1");
  const quick = choose("thread", "m-2");
  last("threads/m-2").answer({ thread: { id: "m-2", count: 0, seen: 0 }, messages: [] });
  await vi.waitFor(() => last("thread=m-2"));
  last("thread=m-2").answer({ customer: "u-2", addresses: [], entries: [] });
  await quick;
  late.answer({ customer: "u-1", addresses: [], entries: [] });
  await slow;
  await soon();
  expect(chosen.value?.id).toBe("m-2");
  expect(customer.value?.customer).toBe("u-2");
});
