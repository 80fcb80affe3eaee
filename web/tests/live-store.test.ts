import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { follow, live, read } from "../src/admin/live/store";

let answers: ((at: number) => void)[] = [];
let end = (): void => undefined;

beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  live.value = null;
  const answered = (at: number): Response => Response.json({ at, queues: [], agents: [], totals: {}, reasons: [] });
  vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => answers.push((at) => resolve(answered(at)))));
});

afterEach(() => {
  end();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("does not ask again before it was answered", async () => {
  end = follow();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(answers).toHaveLength(1);
  answers[0]?.(100);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(live.value?.at).toBe(100);
  expect(answers).toHaveLength(2);
  answers[1]?.(120);
  await vi.advanceTimersByTimeAsync(0);
});

it("keeps the newer of two answers, whichever comes first", async () => {
  const both = Promise.all([read(), read()]);
  answers[1]?.(205);
  await vi.advanceTimersByTimeAsync(0);
  answers[0]?.(202);
  await both;
  expect(live.value?.at).toBe(205);
});
