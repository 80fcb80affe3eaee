import { columns, moods, span, type Mark, type Playback } from "./model";

export interface Colours {
  caller: string;
  heard: string;
  line: string;
  soft: string;
  hold: string;
  silence: string;
  over: string;
  danger: string;
  tense: string;
  calm: string;
}

export const TOKENS: Record<keyof Colours, string> = {
  caller: "--accent",
  heard: "--edge",
  line: "--line",
  soft: "--soft",
  hold: "--waiting-wash",
  silence: "--raised",
  over: "--attention",
  danger: "--danger",
  tense: "--waiting",
  calm: "--good",
};

/** Heights of the lanes, from the top: marks, caller, what the caller heard, mood. */
export const LANES = { marks: 10, voice: 44, mood: 16, gap: 4 } as const;
export const HEIGHT = LANES.marks + 2 * LANES.voice + LANES.mood + 3 * LANES.gap;
const BAR = 2;
const BOXES: Partial<Record<Mark["kind"], keyof Colours>> = { hold: "hold", queue: "hold", pause: "line", private: "line", silence: "silence" };
const SIGNS: Partial<Record<Mark["kind"], keyof Colours>> = { hold: "tense", queue: "tense", pause: "soft", private: "soft", silence: "soft" };

/** Draw everything but the playhead: what happened, both voices, and the caller's mood under them. `width` is in CSS pixels. */
export function paint(context: CanvasRenderingContext2D, playback: Playback, width: number, colours: Colours): void {
  const [from, to] = span(playback);
  const x = (second: number): number => ((second - from) / (to - from)) * width;
  const voices = LANES.marks + LANES.gap;
  const both = 2 * LANES.voice + LANES.gap;
  context.clearRect(0, 0, width, HEIGHT);
  for (const mark of playback.marks) {
    const box = BOXES[mark.kind];
    const sign = SIGNS[mark.kind];
    if (box === undefined || sign === undefined) continue;
    const left = x(mark.from);
    const wide = Math.max(2, x(mark.to) - left);
    context.fillStyle = colours[box];
    context.fillRect(left, voices, wide, both);
    context.fillStyle = colours[sign];
    context.fillRect(left, LANES.marks - 3, wide, 3);
  }
  voice(context, columns(playback.peaks, "caller", from, to, Math.floor(width / (BAR + 1))), voices, colours.caller);
  voice(context, columns(playback.peaks, "agent", from, to, Math.floor(width / (BAR + 1))), voices + LANES.voice + LANES.gap, colours.heard);
  for (const mark of playback.marks) {
    if (mark.kind === "talk_over") {
      context.fillStyle = colours.over;
      context.fillRect(x(mark.from), voices + LANES.voice, Math.max(3, x(mark.to) - x(mark.from)), LANES.gap);
    } else if (mark.kind === "transfer" || mark.kind === "agent") {
      context.fillStyle = colours.soft;
      context.fillRect(Math.round(x(mark.from)), 0, 1, voices + both);
      context.fillRect(Math.round(x(mark.from)), 0, 6, 6);
    }
  }
  feelings(context, playback, x, width, colours);
}

/** Bars about a middle line; quiet voices are lifted, so that they can be seen beside loud ones. */
function voice(context: CanvasRenderingContext2D, peaks: number[], top: number, colour: string): void {
  const middle = top + LANES.voice / 2;
  context.fillStyle = colour;
  peaks.forEach((peak, n) => {
    const high = Math.max(1, Math.sqrt(peak) * LANES.voice);
    context.fillRect(n * (BAR + 1), middle - high / 2, BAR, high);
  });
}

/** A line of three steps, thick and coloured where it is high: height, not colour alone, says how the caller felt. */
function feelings(context: CanvasRenderingContext2D, playback: Playback, x: (second: number) => number, width: number, colours: Colours): void {
  const bottom = HEIGHT - 1;
  context.fillStyle = colours.line;
  context.fillRect(0, bottom, width, 1);
  for (const { level, from, to } of moods(playback.turns, span(playback)[1])) {
    const left = Math.max(0, x(from));
    const high = (LANES.mood / 3) * level;
    context.fillStyle = level === 3 ? colours.danger : level === 2 ? colours.tense : colours.calm;
    context.globalAlpha = 0.35;
    context.fillRect(left, bottom - high, Math.max(1, x(to) - left), high);
    context.globalAlpha = 1;
    context.fillRect(left, bottom - high, Math.max(1, x(to) - left), 2);
  }
}
