import { afterEach, expect, it, vi } from "vitest";
import { hear } from "../src/desk/judged";
import { waiting } from "../src/ui/Nav";

afterEach(() => vi.unstubAllGlobals());

it("a push of the socket says how much waits on the quality page", () => {
  hear({ type: "quality", data: { unseen: 1, coaching: 2 } });
  expect(waiting.value.quality).toBe(3);
  hear({ type: "quality", data: { unseen: 0, coaching: 0 } });
  expect(waiting.value.quality).toBe(0);
});

it("a new connection counts anew, and one that cannot changes nothing", async () => {
  vi.stubGlobal("fetch", vi.fn(async () => new Response(JSON.stringify({ unseen: 4, coaching: 1 }))));
  hear({ type: "snapshot", data: {} });
  await vi.waitFor(() => expect(waiting.value.quality).toBe(5));
  const away = vi.fn(async () => Promise.reject(new TypeError("away")));
  vi.stubGlobal("fetch", away);
  hear({ type: "snapshot", data: {} });
  await vi.waitFor(() => expect(away).toHaveBeenCalled());
  expect(waiting.value.quality).toBe(5);
});
