import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, expect, it, vi } from "vitest";
import { InboxView } from "../src/inbox/Lazy";

vi.mock("../src/inbox/Inbox", () => {
  throw new Error("404: another version was installed meanwhile");
});

afterEach(() => {
  render(null, document.body);
  vi.restoreAllMocks();
});

it("an inbox that could not be fetched leads on to the page anew", async () => {
  const reload = vi.spyOn(location, "reload").mockImplementation(() => undefined);
  await act(() => render(h(InboxView, {}), document.body));
  const button = await vi.waitFor(() => document.querySelector<HTMLElement>('[data-testid="inbox-reload"]') ?? Promise.reject(new Error("not drawn")));
  button.click();
  expect(reload).toHaveBeenCalledOnce();
});
