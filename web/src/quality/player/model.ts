/** What a player is given (docs/quality.md), and what follows from it. Pure; seconds count from the beginning of the contact. */

export type Speaker = "caller" | "bot" | "agent";
export type MarkKind = "hold" | "silence" | "talk_over" | "transfer" | "agent" | "queue" | "pause" | "private";

export interface Recording {
  number: number;
  offset: number;
  seconds: number;
  /** null where it cannot be played; then `why`: `missing`, `sealed` or `broken`. */
  url: string | null;
  why: string;
}

export interface Turn {
  index: number;
  from: number;
  to: number;
  speaker: Speaker;
  text: string;
  language: string;
  medium: string;
  mood: string;
  confidence: number | null;
  recorded: boolean;
}

export interface Mark {
  kind: MarkKind;
  from: number;
  to: number;
  label: string;
}

export interface Peaks {
  from: number;
  step: number;
  caller: number[];
  agent: number[];
}

export interface Playback {
  contact_id: string;
  started_at: number;
  seconds: number;
  begins: number | null;
  recordings: Recording[];
  peaks: Peaks;
  turns: Turn[];
  marks: Mark[];
}

export type Sound = Recording & { url: string };

/** What of the recordings can be played, in order. */
export function sounds(playback: Playback): Sound[] {
  return playback.recordings.filter((one): one is Sound => one.url !== null && one.seconds > 0);
}

/** The part of the time line that is drawn: where there is sound, else all of it. */
export function span(playback: Playback): [number, number] {
  const found = sounds(playback);
  const first = found[0];
  if (first === undefined) return [0, Math.max(1, playback.seconds)];
  return [first.offset, Math.max(first.offset + 1, ...found.map((one) => one.offset + one.seconds))];
}

/** The recording that has a second, else the next one after it, else null; with where to begin in it. */
export function place(found: readonly Sound[], second: number): { sound: Sound; at: number } | null {
  for (const sound of found) {
    if (second < sound.offset + sound.seconds) return { sound, at: Math.max(0, second - sound.offset) };
  }
  return null;
}

/** Number of the turn that is being said, or was said last; -1 before the first. Those that were keyed count too. */
export function turnAt(turns: readonly Turn[], second: number): number {
  let found = -1;
  turns.forEach((turn, number) => {
    if (turn.from <= second + 0.05 && (found < 0 || turn.from >= (turns[found]?.from ?? 0))) found = number;
  });
  return found;
}

export interface Word {
  text: string;
  /** When it was said, about: words share the time of their turn by their length. */
  at: number;
  /** Whether it can be clicked: blanks and commas cannot. */
  said: boolean;
}

const segmenters = new Map<string, Intl.Segmenter>();

/** A turn in words, Chinese ones too. */
export function wordsOf(turn: Turn): Word[] {
  const pieces = split(turn.text, turn.language);
  const whole = Math.max(1, turn.text.length);
  let before = 0;
  return pieces.map(([text, said]) => {
    const at = turn.from + (Math.max(0, turn.to - turn.from) * before) / whole;
    before += text.length;
    return { text, at: Math.round(at * 100) / 100, said };
  });
}

function split(text: string, language: string): [string, boolean][] {
  if (typeof Intl.Segmenter !== "function") return text === "" ? [] : [[text, true]];
  const code = /^[a-z]{2,3}(-[A-Za-z0-9]+)*$/.test(language) ? language : "en";
  let segmenter = segmenters.get(code);
  if (segmenter === undefined) segmenters.set(code, (segmenter = new Intl.Segmenter(code, { granularity: "word" })));
  return [...segmenter.segment(text)].map((one) => [one.segment, one.isWordLike === true]);
}

/** Pieces of a text, those of a sought word marked: `退款`, or what begins with `refund`. */
export function marked(words: readonly Word[], find: string): boolean[] {
  const wanted = terms(find);
  const marks = words.map(() => false);
  if (wanted.length === 0) return marks;
  const text = words.map((one) => one.text.toLowerCase()).join("");
  const starts: number[] = [];
  words.reduce((at, one, n) => ((starts[n] = at), at + one.text.length), 0);
  for (const term of wanted) {
    for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + term.length)) {
      if (/^[a-z0-9]/.test(term) && /[a-z0-9]/.test(text[at - 1] ?? "")) continue;
      words.forEach((one, n) => {
        const start = starts[n] ?? 0;
        if (start < at + term.length && start + one.text.length > at) marks[n] = true;
      });
    }
  }
  return marks;
}

function terms(find: string): string[] {
  const found = [...find.toLowerCase().matchAll(/(-?)(?:"([^"]*)"|(\S+))/g)];
  return found.flatMap(([, minus, quoted, word]) => (minus === "-" ? [] : [(quoted ?? word ?? "").trim()])).filter((one) => one !== "");
}

/** The highest peak of each of `columns` columns of a picture of the seconds `from` to `to`. */
export function columns(peaks: Peaks, side: "caller" | "agent", from: number, to: number, count: number): number[] {
  const values = peaks[side];
  const each = (to - from) / Math.max(1, count);
  return Array.from({ length: count }, (_, column) => {
    const first = Math.floor((from + column * each - peaks.from) / peaks.step);
    const last = Math.max(first + 1, Math.ceil((from + (column + 1) * each - peaks.from) / peaks.step - 1e-9));
    let highest = 0;
    for (let n = Math.max(0, first); n < Math.min(values.length, last); n++) highest = Math.max(highest, values[n] ?? 0);
    return highest;
  });
}

const LEVELS: Record<string, number> = { calm: 1, tense: 2, angry: 3 };

/** The caller's mood from turn to turn: from when to when it was which, as it was recorded. */
export function moods(turns: readonly Turn[], end: number): { mood: string; level: number; from: number; to: number }[] {
  const found: { mood: string; level: number; from: number; to: number }[] = [];
  for (const turn of turns) {
    const level = LEVELS[turn.mood];
    if (turn.speaker !== "caller" || level === undefined) continue;
    const last = found.at(-1);
    if (last !== undefined && last.mood === turn.mood) continue;
    if (last !== undefined) last.to = turn.from;
    found.push({ mood: turn.mood, level, from: turn.from, to: end });
  }
  return found;
}

export const RATES = [0.75, 1, 1.25, 1.5, 2] as const;

/** The next faster (1) or slower (-1) speed. */
export function nextRate(rate: number, step: 1 | -1): number {
  const at = RATES.findIndex((one) => one === rate);
  return RATES[Math.min(RATES.length - 1, Math.max(0, (at < 0 ? 1 : at) + step))] ?? 1;
}

export type Wish =
  | { kind: "toggle" }
  | { kind: "by"; seconds: number }
  | { kind: "turn"; step: 1 | -1 }
  | { kind: "rate"; step: 1 | -1 }
  | { kind: "end"; which: "first" | "last" };

/** What a key asks of the player; null for other keys. */
export function wish(event: { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean }): Wish | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  switch (event.key) {
    case " ":
    case "k":
    case "K":
      return { kind: "toggle" };
    case "j":
    case "J":
      return { kind: "by", seconds: -10 };
    case "l":
    case "L":
      return { kind: "by", seconds: 10 };
    case "ArrowLeft":
      return event.shiftKey ? { kind: "turn", step: -1 } : { kind: "by", seconds: -5 };
    case "ArrowRight":
      return event.shiftKey ? { kind: "turn", step: 1 } : { kind: "by", seconds: 5 };
    case "<":
      return { kind: "rate", step: -1 };
    case ">":
      return { kind: "rate", step: 1 };
    case "Home":
      return { kind: "end", which: "first" };
    case "End":
      return { kind: "end", which: "last" };
    default:
      return null;
  }
}

export interface Line {
  kind: "turn" | "mark";
  turn?: Turn;
  mark?: Mark;
  key: string;
}

const TOLD: ReadonlySet<MarkKind> = new Set<MarkKind>(["hold", "silence", "transfer", "agent", "queue", "pause", "private"]);

/** Turns in their order, what happened between them at its place. */
export function lines(playback: Playback): Line[] {
  const told = playback.marks.filter((mark) => TOLD.has(mark.kind));
  const found: Line[] = [];
  let next = 0;
  const until = (second: number): void => {
    for (let mark = told[next]; mark !== undefined && mark.from <= second; mark = told[++next]) {
      found.push({ kind: "mark", mark, key: `m${next}` });
    }
  };
  for (const turn of playback.turns) {
    until(turn.from);
    found.push({ kind: "turn", turn, key: `t${turn.index}` });
  }
  until(Infinity);
  return found;
}
