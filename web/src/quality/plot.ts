import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { day } from "../i18n";
import { resolved } from "../ui/colours";
import type { Point } from "./model";
import { points as shown } from "./score";

export interface Drawn {
  points: readonly Point[];
  /** The score from which on a review is passed; null where cards differ. */
  pass: number | null;
  words: { time: string; score: string; pass: string; reviews: string };
}

const HEIGHT = 200;

/** Mean scores over time in one box, with the line that is to be reached. Follows the width of the box. */
export class Plot {
  private chart: uPlot | null = null;
  private readonly sizes: ResizeObserver;

  constructor(private readonly box: HTMLElement) {
    this.sizes = new ResizeObserver(() => this.box.clientWidth > 0 && this.chart?.setSize(this.size()));
    this.sizes.observe(box);
  }

  /** Colours and words may have changed: the chart is made anew, which costs less than a frame. */
  draw(what: Drawn): void {
    const style = getComputedStyle(this.box);
    const colours = ["--accent", "--edge", "--line", "--soft"].map((name) => resolved(this.box, style.getPropertyValue(name)));
    this.chart?.destroy();
    this.chart = new uPlot(options(what, colours, this.size(), style), dataOf(what), this.box);
  }

  close(): void {
    this.sizes.disconnect();
    this.chart?.destroy();
    this.chart = null;
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.box.clientWidth), height: HEIGHT };
  }
}

function dataOf({ points, pass }: Drawn): uPlot.AlignedData {
  return [points.map((one) => one.at), points.map((one) => one.score), points.map(() => pass), points.map((one) => one.reviews)];
}

function options({ words }: Drawn, colours: string[], size: { width: number; height: number }, style: CSSStyleDeclaration): uPlot.Options {
  const [accent = "", edge = "", line = "", soft = ""] = colours;
  const font = `${Math.round(parseFloat(style.fontSize) * 0.87)}px ${style.fontFamily}`;
  const axis = { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const value = (_: uPlot, raw: number | null): string => shown(raw);
  return {
    ...size,
    scales: { x: { range: (_, low, high) => [low - 43_200, high + 43_200] }, y: { range: [0, 104] }, n: { range: (_, __, high) => [0, Math.max(4, (high ?? 0) * 4)] } },
    cursor: { points: { size: 8 } },
    axes: [
      { ...axis, values: (_, splits) => splits.map((at) => day(at)), incrs: [86_400, 172_800, 604_800, 1_209_600, 2_592_000], space: 64 },
      { ...axis, size: 44, incrs: [20, 25, 50] },
    ],
    series: [
      { label: words.time, value: (_, at) => (at === null ? "–" : day(at)) },
      { label: words.score, stroke: accent, width: 2, value, points: { show: true, size: 6, fill: accent }, spanGaps: true },
      { label: words.pass, stroke: edge, width: 1.5, dash: [4, 4], value, points: { show: false } },
      { label: words.reviews, scale: "n", stroke: line, fill: line, width: 0, ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.5, 24] }) }), value, points: { show: false } },
    ],
  };
}
