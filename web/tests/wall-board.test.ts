import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { Alert, Formula } from "../src/wall/model";

type Store = typeof import("../src/wall/store");
let store: Store;

beforeAll(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("Worker", undefined);
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ drained: {}, lent: {}, providers: [], status: 401 })));
  store = await import("../src/wall/store");
});

beforeEach(() => vi.setSystemTime(1_000_000));

afterEach(() => {
  render(null, document.body);
  store.link.value = "connecting";
  store.notice.value = null;
});

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const drawn = async (node: Parameters<typeof render>[0]): Promise<string> => {
  await act(() => render(node, document.body));
  return document.body.textContent ?? "";
};

it("stands still without a connection: no wait grows of which nothing is known", () => {
  store.link.value = "open";
  vi.advanceTimersByTime(2000);
  const seen = store.now.value;
  vi.advanceTimersByTime(3000);
  expect(store.now.value).toBe(seen + 3);
  store.link.value = "lost";
  vi.advanceTimersByTime(60_000);
  expect(store.now.value).toBe(seen + 3);
  store.link.value = "open";
  vi.advanceTimersByTime(1000);
  expect(store.now.value).toBe(seen + 64);
  store.wall.value = { ...store.wall.value, stale: seen + 60 };
  vi.advanceTimersByTime(5000);
  expect(store.now.value).toBe(seen + 60);
  store.wall.value = { ...store.wall.value, stale: null };
});

it("says what went well for a while, and what went wrong until it is closed", async () => {
  await store.order(Promise.resolve(), "Ann: Break.");
  expect(store.notice.value?.words).toBe("Ann: Break.");
  vi.advanceTimersByTime(10_000);
  expect(store.notice.value).toBeNull();
  await store.order(Promise.resolve(), "Ann: Break.");
  await store.order(Promise.reject(new Error("no")), "Ann: Available.");
  vi.advanceTimersByTime(60_000);
  expect(store.notice.value?.kind).toBe("danger");
});

it("a figure that today has not, or last week had not, is not as before", async () => {
  const { Strip } = await import("../src/wall/Strip");
  const named = (name: string): Formula => ({ name, unit: "seconds", en: { label: name, formula: "", note: "" }, zh: { label: name, formula: "", note: "" } });
  const figures = { today: { "": { asa: null, aht: 60, csat: 4 } }, usual: { "": { asa: 14, aht: 60, csat: null } }, now: {} };
  store.wall.value = { ...store.wall.value, ready: true, figures, settings: { ...store.wall.value.settings, formulas: ["asa", "aht", "csat"].map(named) } } as unknown as Store["wall"]["value"];
  const words = await drawn(h(Strip, {}));
  expect(words).toMatch(/asa–last week 0:14.*aht1:00as before.*csat0:04no last week/);
});

it("alerts have their people by name", async () => {
  const { Alerts } = await import("../src/wall/Alerts");
  const alert = { id: "a|b", severity: "danger", subject: { kind: "queue", id: "b", name: "b" }, text: { zh: "b", en: "b" }, opened_at: 1, closed_at: null, acknowledged_at: 2, acknowledged_by: "wf", owner: "wf", note: "" };
  store.wall.value = { ...store.wall.value, agents: [{ id: "wf", name: "Wang Fang" }], alerts: [alert as unknown as Alert] } as unknown as Store["wall"]["value"];
  expect(await drawn(h(Alerts, {}))).toMatch(/Wang Fang.*Wang Fang/);
  expect(document.body.textContent).not.toContain("wf");
});

it("a state that comes after the call has its reason and who ordered it, not the call", async () => {
  const { AgentCard } = await import("../src/wall/AgentCard");
  const ann = { id: "ann", name: "Ann", team: "", site: "", state: "in_call", reason: "meal", by: "wf", since: 1, until: null, calls: [], skills: {}, busy: null, strain: null, strain_why: [], devices: [] };
  const shows = async (wanted: string): Promise<string> => {
    store.wall.value = { ...store.wall.value, agents: [{ ...ann, wanted }, { id: "wf", name: "Wang Fang", skills: {} }] } as unknown as Store["wall"]["value"];
    await drawn(h(AgentCard, { id: "ann" }));
    return document.querySelector("#card-agent .lead, .lead")?.textContent ?? "";
  };
  expect(await shows("break")).not.toMatch(/meal|Wang Fang/);
  expect(document.body.textContent).toContain("Break · meal · by Wang Fang");
  expect(await shows("")).toContain("meal · by Wang Fang");
});

it("a television has the gravest alerts, and how many more there are", async () => {
  const { Alerts } = await import("../src/wall/Alerts");
  const of = (n: number): unknown => ({ id: `a|${n}`, severity: "danger", subject: { kind: "queue", id: "b", name: "b" }, text: { zh: `b${n}`, en: `b${n}` }, opened_at: 1, closed_at: null, acknowledged_at: null, acknowledged_by: "", owner: "", note: "" });
  store.wall.value = { ...store.wall.value, alerts: [1, 2, 3, 4, 5, 6, 7].map(of) } as unknown as Store["wall"]["value"];
  expect(await drawn(h(Alerts, {}))).toContain("b7");
  await act(() => void (store.tv.value = true));
  expect(document.body.textContent).toMatch(/b5.*and 2 more$/);
  store.tv.value = false;
});

it("an order without a session asks to sign in again, and says nothing of tokens", async () => {
  const { Refused } = await import("../src/net/ask");
  store.account.value = "signed_in";
  await store.order(Promise.reject(new Refused(401, "unauthorized", "sign in, or send the bearer token")), "done");
  expect([store.account.value, store.notice.value]).toEqual(["expired", null]);
  const { App } = await import("../src/wall/App");
  expect(await drawn(h(App, {}))).toContain("Your session is over");
  render(null, document.body);
  store.account.value = "checking";
});
