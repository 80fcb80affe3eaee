import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { resolved } from "../ui/colours";
import { alone, shown } from "./figures";
import type { Point, Unit } from "./model";

export interface Drawn {
  today: Point[];
  before: Point[];
  name: string;
  unit: Unit;
  words: { time: string; today: string; before: string };
}

/** In sizes of its letters: a television has larger ones. */
const HEIGHT = 14.7;
const LEAST = 5;

/** One chart in one box: today's line over the pale one of the day before it is held against. Follows the width of the box. */
export class Plot {
  private chart: uPlot | null = null;
  private made = "";
  private last: Drawn | null = null;
  private readonly sizes: ResizeObserver;

  constructor(private readonly box: HTMLElement) {
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(box);
  }

  draw(what: Drawn): void {
    this.last = what;
    const style = getComputedStyle(this.box);
    const colours = ["--accent", "--edge", "--line", "--soft"].map((name) => resolved(this.box, style.getPropertyValue(name)));
    // What a chart cannot change afterwards makes a new one.
    const key = JSON.stringify([what.name, what.unit, what.words, colours, style.fontSize]);
    if (key !== this.made) {
      this.chart?.destroy();
      this.chart = new uPlot(options(what, colours, this.size(), style), dataOf(what), this.box);
      this.made = key;
    } else {
      this.chart?.setData(dataOf(what));
    }
  }

  close(): void {
    this.sizes.disconnect();
    this.chart?.destroy();
    this.chart = null;
  }

  /** Of its own height, or all that is left to a box that grows: on a television. */
  private size(): { width: number; height: number } {
    const style = getComputedStyle(this.box);
    const letter = parseFloat(style.fontSize);
    const left = this.box.clientHeight - (this.box.querySelector(".u-legend")?.clientHeight ?? 2 * letter);
    const height = style.flexGrow === "1" ? Math.max(LEAST * letter, left) : HEIGHT * letter;
    return { width: Math.max(200, this.box.clientWidth), height: Math.round(height) };
  }

  /** A box of another width may have other letters: the whole screen has larger ones. */
  private fit(): void {
    if (this.chart === null || this.last === null || this.box.clientWidth === 0) return;
    this.draw(this.last);
    this.chart.setSize(this.size());
  }
}

/** Seconds of the day, then both lines; null where there is nothing. */
function dataOf({ today, before, name }: Drawn): uPlot.AlignedData {
  const seconds = [...new Set([...today, ...before].map((point) => point.second))].sort((a, b) => a - b);
  const values = (points: Point[]): (number | null)[] => {
    const found = new Map(points.map((point) => [point.second, point[name] ?? null]));
    return seconds.map((second) => found.get(second) ?? null);
  };
  return [seconds, values(today), values(before)];
}

function options({ unit, words }: Drawn, colours: string[], size: { width: number; height: number }, style: CSSStyleDeclaration): uPlot.Options {
  const [accent = "", edge = "", line = "", soft = ""] = colours;
  const letter = Math.round(parseFloat(style.fontSize) * 0.87);
  const small = `${letter}px ${style.fontFamily}`;
  const dots = (fill: string): uPlot.Series.Points => ({ size: 6, fill, filter: (chart, at) => alone(chart.data[at] ?? []) });
  const value = (_: uPlot, raw: number | null): string => shown(raw, unit);
  const axis = { stroke: soft, font: small, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  return {
    ...size,
    scales: { x: { time: false }, y: { range: (_, low, high) => rangeOf(low, high, unit) } },
    legend: { live: true },
    cursor: { points: { size: 8 } },
    axes: [
      { ...axis, size: letter * 3, space: letter * 5, incrs: [1800, 3600, 7200, 10800, 14400, 21600], values: (_, splits) => splits.map(clockOf) },
      { ...axis, size: letter * 4.4, space: letter * 2.4, values: (_, splits) => splits.map((split) => shown(split, unit)) },
    ],
    series: [
      { label: words.time, value: (_, raw) => (raw === null ? "–" : clockOf(raw)) },
      { label: words.today, stroke: accent, width: 2, value, points: dots(accent), spanGaps: false },
      { label: words.before, stroke: edge, width: 1.5, dash: [4, 4], value, points: dots(edge), spanGaps: false },
    ],
  };
}

/** From nothing up, a share no further than all; one value alone gets room. */
function rangeOf(low: number | null, high: number | null, unit: Unit): [number, number] {
  const top = Math.max(high ?? 0, unit === "share" ? 0.05 : 1);
  const bottom = unit === "score" ? Math.min(1, low ?? 1) : 0;
  return [bottom, unit === "share" ? Math.min(1.02, top * 1.1) : top * 1.1];
}

function clockOf(second: number): string {
  return `${String(Math.floor(second / 3600)).padStart(2, "0")}:${String(Math.floor(second / 60) % 60).padStart(2, "0")}`;
}
