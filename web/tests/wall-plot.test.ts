import { afterEach, expect, it, vi } from "vitest";
import { Plot, type Drawn } from "../src/wall/plot";

const made = vi.hoisted(() => [] as { font: string; width: number }[]);
vi.mock("uplot/dist/uPlot.min.css", () => ({}));
vi.mock("uplot", () => ({
  default: class {
    constructor({ axes, width }: { axes: { font: string }[]; width: number }) {
      made.push({ font: axes[0]!.font, width });
    }
    setData(): void {}
    setSize({ width }: { width: number }): void {
      made.at(-1)!.width = width;
    }
    destroy(): void {}
  },
}));

afterEach(() => vi.unstubAllGlobals());

it("follows its box, and takes the letters of a larger screen at once", () => {
  let resized = (): void => undefined;
  vi.stubGlobal("ResizeObserver", class {
    constructor(tell: () => void) {
      resized = tell;
    }
    observe(): void {}
    disconnect(): void {}
  });
  const box = document.createElement("div");
  document.body.append(box);
  const grows = (width: number, letters: string): void => {
    Object.defineProperty(box, "clientWidth", { value: width, configurable: true });
    box.style.fontSize = letters;
    resized();
  };
  grows(600, "15px");
  const plot = new Plot(box);
  plot.draw({ today: [], before: [], name: "asa", unit: "seconds", words: { time: "", today: "", before: "" } } satisfies Drawn);
  grows(700, "15px");
  expect(made.map(({ font, width }) => [parseInt(font), width])).toEqual([[13, 700]]);
  grows(1900, "40px");
  expect(made.map(({ font, width }) => [parseInt(font), width])).toEqual([[13, 700], [35, 1900]]);
  plot.close();
});
