import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Columns } from "../src/desk/Columns";
import { EMPTY, type Contact, type Phase } from "../src/desk/model";
import { desk } from "../src/desk/store";

const shown = (phase: Phase): Promise<void> =>
  act(() => {
    const nothing = { handover: {}, caller: {}, profile: {}, slots: {}, tags: [], needs: {}, turns: [], intent: null };
    const contact = { id: "c-1", channel: "sip", queue: "q", why: "", phase, queued_at: null, answered_at: null, ...nothing };
    desk.value = { ...EMPTY, contact: contact as unknown as Contact };
  });
const chosen = (): string | undefined => document.querySelector<HTMLElement>('[data-testid="contact"]')?.dataset["tab"];

beforeEach(() => {
  vi.stubGlobal("fetch", async () => Response.json({}, { status: 404 }));
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
  Element.prototype.scrollTo = vi.fn() as never;
});
afterEach(() => {
  render(null, document.body);
  desk.value = EMPTY;
  vi.unstubAllGlobals();
});

it("puts the note in front where only one column has room once the call is over, and the story with the next one", async () => {
  await act(() => render(h(Columns, {}), document.body));
  await shown("offered");
  expect(chosen()).toBe("conversation");
  await shown("connected");
  await shown("wrap_up");
  expect(chosen()).toBe("do");
  await shown("offered");
  expect(chosen()).toBe("conversation");
});
