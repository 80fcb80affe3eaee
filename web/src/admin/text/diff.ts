/** Line differences: what an admin sees before publishing, and what a merge is made of. */

/** `[aFrom, aTo)` of the old lines became `[bFrom, bTo)` of the new ones. */
export interface Change {
  aFrom: number;
  aTo: number;
  bFrom: number;
  bTo: number;
}

/** A row of a diff that is drawn: the same line, a line gone, a line come, or `skip` lines left out. */
export type Row =
  | { kind: "same"; a: number; b: number; text: string }
  | { kind: "gone"; a: number; text: string }
  | { kind: "come"; b: number; text: string }
  | { kind: "skip"; count: number };

/** Beyond so many edits the middle is shown as replaced: the search is quadratic in them. */
const MOST_EDITS = 1500;

export function lines(text: string): string[] {
  return text.split(/\r?\n/);
}

/** The smallest changes that make `a` into `b`, in order. */
export function changes(a: readonly string[], b: readonly string[]): Change[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const inner = shortest(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return inner.map((one) => ({ aFrom: one.aFrom + head, aTo: one.aTo + head, bFrom: one.bFrom + head, bTo: one.bTo + head }));
}

/** Rows to draw, with `around` lines of context; `Infinity` shows everything. */
export function rows(a: readonly string[], b: readonly string[], around = 3): Row[] {
  const found = changes(a, b);
  const drawn: Row[] = [];
  let at = 0;
  const same = (from: number, to: number, shift: number): void => {
    for (let n = from; n < to; n += 1) drawn.push({ kind: "same", a: n, b: n + shift, text: a[n] ?? "" });
  };
  found.forEach((one, index) => {
    const shift = one.bFrom - one.aFrom;
    const keepBefore = Math.max(at, one.aFrom - around);
    const keepAfter = index === 0 ? at : Math.min(one.aFrom, at + around);
    if (keepBefore > keepAfter) {
      same(at, keepAfter, shift);
      drawn.push({ kind: "skip", count: keepBefore - keepAfter });
      same(keepBefore, one.aFrom, shift);
    } else {
      same(at, one.aFrom, shift);
    }
    for (let n = one.aFrom; n < one.aTo; n += 1) drawn.push({ kind: "gone", a: n, text: a[n] ?? "" });
    for (let n = one.bFrom; n < one.bTo; n += 1) drawn.push({ kind: "come", b: n, text: b[n] ?? "" });
    at = one.aTo;
  });
  const shift = b.length - a.length;
  const end = Math.min(a.length, at + around);
  same(at, end, shift);
  if (end < a.length) drawn.push({ kind: "skip", count: a.length - end });
  return drawn;
}

/** Two columns from rows: what is gone stands beside what came in its place. */
export function sideBySide(drawn: readonly Row[]): { left: Row | null; right: Row | null }[] {
  const pairs: { left: Row | null; right: Row | null }[] = [];
  let gone: Row[] = [];
  let come: Row[] = [];
  const flush = (): void => {
    for (let n = 0; n < Math.max(gone.length, come.length); n += 1) pairs.push({ left: gone[n] ?? null, right: come[n] ?? null });
    gone = [];
    come = [];
  };
  for (const row of drawn) {
    if (row.kind === "gone") gone.push(row);
    else if (row.kind === "come") come.push(row);
    else {
      flush();
      pairs.push({ left: row, right: row });
    }
  }
  flush();
  return pairs;
}

/** Lines come and gone. */
export function measure(a: string, b: string): { come: number; gone: number } {
  return changes(lines(a), lines(b)).reduce(
    (sum, one) => ({ come: sum.come + one.bTo - one.bFrom, gone: sum.gone + one.aTo - one.aFrom }),
    { come: 0, gone: 0 },
  );
}

/** Myers' greedy search (An O(ND) difference algorithm, 1986), with the path kept for the way back. */
function shortest(a: readonly string[], b: readonly string[]): Change[] {
  if (a.length === 0 && b.length === 0) return [];
  if (a.length === 0 || b.length === 0) return [{ aFrom: 0, aTo: a.length, bFrom: 0, bTo: b.length }];
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const reach = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(new Map(reach));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = down ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return path(trace, a.length, b.length);
    }
  }
  return [{ aFrom: 0, aTo: a.length, bFrom: 0, bTo: b.length }];
}

function path(trace: readonly Map<number, number>[], aLength: number, bLength: number): Change[] {
  const steps: Change[] = [];
  let x = aLength;
  let y = bLength;
  for (let edits = trace.length - 1; edits > 0; edits -= 1) {
    const reach = trace[edits]!;
    const k = x - y;
    const down = k === -edits || (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1;
    const fromX = reach.get(before) ?? 0;
    const fromY = fromX - before;
    steps.push(down ? { aFrom: fromX, aTo: fromX, bFrom: fromY, bTo: fromY + 1 } : { aFrom: fromX, aTo: fromX + 1, bFrom: fromY, bTo: fromY });
    x = fromX;
    y = fromY;
  }
  return join(steps.reverse());
}

function join(steps: readonly Change[]): Change[] {
  const joined: Change[] = [];
  for (const step of steps) {
    const last = joined.at(-1);
    if (last !== undefined && last.aTo === step.aFrom && last.bTo === step.bFrom) {
      last.aTo = step.aTo;
      last.bTo = step.bTo;
    } else joined.push({ ...step });
  }
  return joined;
}
