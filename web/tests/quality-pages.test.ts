import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask } from "../src/quality/api";
import { App } from "../src/quality/App";
import type { Point } from "../src/quality/model";
import { usePages, type Pages } from "../src/quality/reading";
import { begin, leave } from "../src/quality/store";
import { Trend } from "../src/quality/Trend";

const boxes = vi.hoisted(() => [] as { box: HTMLElement; open: boolean }[]);
vi.mock("../src/quality/plot", () => ({
  Plot: class {
    private readonly own;
    constructor(box: HTMLElement) {
      boxes.push((this.own = { box, open: true }));
    }
    draw(): void {}
    close(): void {
      this.own.open = false;
    }
  },
}));

afterEach(() => render(null, document.body));

const soon = async (): Promise<void> => act(() => new Promise<void>((resolve) => setTimeout(resolve, 0)));

const drawn = async (node: Parameters<typeof render>[0]): Promise<void> => {
  await act(() => render(node, document.body));
  await soon();
};

it("a chart is there again after a choice that had nothing to draw", async () => {
  const some: Point[] = [{ at: 86_400, score: 70, reviews: 1, passed: 1, fatal: 0 }];
  for (const points of [some, [], some]) await drawn(h(Trend, { points, pass: null }));
  expect(boxes.filter((one) => one.open).map((one) => one.box.isConnected)).toEqual([true]);
  expect(boxes.map((one) => one.open)).toEqual([false, true]);
});

interface Asked {
  before: string;
  answer(rows: string[], next?: string | null): void;
  fail(): void;
}

/** A list of what `key` names, asked for page by page. */
function listed(): { draw(key: string): Promise<void>; pages(): Pages<string>; asked: Asked[] } {
  const asked: Asked[] = [];
  let pages: Pages<string>;
  function List({ name }: { name: string }): null {
    pages = usePages(name, (before) => new Promise((resolve, reject) => {
      asked.push({ before, answer: (rows, next = null) => resolve({ rows, next }), fail: () => reject(new Error("offline")) });
    }));
    return null;
  }
  return { draw: (key) => drawn(h(List, { name: key })), pages: () => pages, asked };
}

it("what comes after the last row is left where something else is looked at meanwhile", async () => {
  const { draw, pages, asked } = listed();
  await draw("open");
  asked[0]!.answer(["a"], "2");
  await soon();
  void pages().more();
  expect(asked[1]!.before).toBe("2");
  await draw("decided");
  asked[2]!.answer(["x"]);
  await soon();
  asked[1]!.answer(["b"]);
  await soon();
  expect(pages().value).toEqual({ rows: ["x"], next: null });
});

it("a page that did not come is said, and can be asked for again", async () => {
  const { draw, pages, asked } = listed();
  await draw("open");
  asked[0]!.answer(["a"], "2");
  await soon();
  void pages().more();
  asked[1]!.fail();
  await soon();
  expect([pages().failed, pages().value]).toEqual([new Error("offline"), { rows: ["a"], next: "2" }]);
  void pages().more();
  asked[2]!.answer(["b"]);
  await soon();
  expect([pages().failed, pages().value]).toEqual([null, { rows: ["a", "b"], next: null }]);
});

it("what two buttons of one picture changed is both kept", async () => {
  const { draw, pages, asked } = listed();
  await draw("open");
  asked[0]!.answer(["a", "b"]);
  await soon();
  const { change } = pages();
  for (const gone of ["a", "b"]) change((now) => ({ ...now, rows: now.rows.filter((one) => one !== gone) }));
  await soon();
  expect(pages().value?.rows).toEqual([]);
});

describe("a session that is over", () => {
  let me: { id: string; name: string; roles: string[] } | null;
  beforeEach(() => {
    me = { id: "anna", name: "Anna", roles: ["quality"] };
    vi.stubGlobal("fetch", async (path: string) => {
      if (String(path).endsWith("/me")) return me === null ? Response.json({}, { status: 401 }) : Response.json(me);
      return Response.json({}, { status: me === null ? 401 : 404 });
    });
  });
  afterEach(() => vi.unstubAllGlobals());
  const signIns = (): string[] => [...document.querySelectorAll(".signin")].map((one) => (one.closest("dialog") === null ? "alone" : "over"));

  it("lays the sign-in over what was typed, for the same person; another finds nothing of it", async () => {
    await act(begin);
    await drawn(h(App, {}));
    const page = document.querySelector('[data-testid="quality"]')!;
    expect([page.getAttribute("data-ready"), signIns()]).toEqual(["true", []]);
    me = null;
    await act(async () => void (await ask("GET", "/quality/cards").catch(() => null)));
    expect([document.querySelector('[data-testid="quality"]') === page, signIns()]).toEqual([true, ["over"]]);
    me = { id: "anna", name: "Anna", roles: ["quality"] };
    await act(begin);
    expect([document.querySelector('[data-testid="quality"]') === page, signIns()]).toEqual([true, []]);
    me = { id: "ben", name: "Ben", roles: ["quality"] };
    await act(begin);
    expect(document.querySelector('[data-testid="quality"]') === page).toBe(false);
    await act(leave);
    expect(signIns()).toEqual(["alone"]);
  });
});
