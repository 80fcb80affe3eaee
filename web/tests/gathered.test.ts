import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Gathered } from "../src/net/gathered";

let drawn: number[] = [];
let frames: (() => void)[] = [];
let came = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
  drawn = [];
  frames = [];
  came = 0;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function frame(): void {
  for (const one of frames.splice(0)) one();
}

const gathered = (): Gathered => new Gathered(100, () => drawn.push(came));

it("draws a thousand events of a second ten times, and misses none", async () => {
  const drawing = gathered();
  for (let n = 0; n < 1000; n += 1) {
    came += 1;
    drawing.soon();
    await vi.advanceTimersByTimeAsync(1);
    if (n % 16 === 0) frame();
  }
  await vi.advanceTimersByTimeAsync(200);
  frame();
  expect(drawn.length).toBeGreaterThanOrEqual(8);
  expect(drawn.length).toBeLessThanOrEqual(11);
  expect(drawn.at(-1)).toBe(1000);
});

it("draws the first with the next frame, and what cannot wait at once, with all that came before", async () => {
  const drawing = gathered();
  came = 1;
  drawing.soon();
  expect(drawn).toEqual([]);
  frame();
  expect(drawn).toEqual([1]);
  came = 2;
  drawing.soon();
  came = 3;
  drawing.now();
  expect(drawn).toEqual([1, 3]);
  await vi.advanceTimersByTimeAsync(200);
  frame();
  expect(drawn).toEqual([1, 3]);
});

it("draws in a hidden tab too, where no frames come", async () => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  const drawing = gathered();
  came = 5;
  drawing.soon();
  await vi.advanceTimersByTimeAsync(500);
  expect(drawn).toEqual([5]);
  vi.restoreAllMocks();
});
