import { beforeEach, describe, expect, it } from "vitest";
import { forgetLocal, keepLocal, loadLocal, opening } from "../src/admin/text/drafts";
import { changes, lines, measure, rows, sideBySide } from "../src/admin/text/diff";
import { merge, unresolved } from "../src/admin/text/merge";

const LABELS = { mine: "you", theirs: "emma" };
const join = (...all: string[]): string => all.join("\n");

describe("differences", () => {
  it("are the smallest changes", () => {
    expect(changes(["a", "b", "c"], ["a", "x", "c"])).toEqual([{ aFrom: 1, aTo: 2, bFrom: 1, bTo: 2 }]);
    expect(changes(["a", "b"], ["a", "b"])).toEqual([]);
    expect(changes([], ["a"])).toEqual([{ aFrom: 0, aTo: 0, bFrom: 0, bTo: 1 }]);
    expect(measure("a\nb\nc\nd", "a\nc\nd\ne\nf")).toEqual({ come: 2, gone: 1 });
  });

  it("give back both texts, whatever they are", () => {
    let seed = 7;
    const random = (most: number): number => ((seed = (seed * 1103515245 + 12345) % 2147483648) >>> 8) % most;
    for (let round = 0; round < 300; round += 1) {
      const a = Array.from({ length: random(12) }, () => "abcd"[random(4)]!);
      const b = Array.from({ length: random(12) }, () => "abcd"[random(4)]!);
      const drawn = rows(a, b, Infinity);
      expect(drawn.flatMap((row) => (row.kind === "same" || row.kind === "gone" ? [row.text] : []))).toEqual(a);
      expect(drawn.flatMap((row) => (row.kind === "same" || row.kind === "come" ? [row.text] : []))).toEqual(b);
    }
  });

  it("leave out what is far from a change", () => {
    const old = Array.from({ length: 40 }, (_, n) => `line ${n}`);
    const drawn = rows(old, old.with(20, "new"), 2);
    expect(drawn.map((row) => row.kind)).toEqual(["skip", "same", "same", "gone", "come", "same", "same", "skip"]);
    expect(drawn[0]).toEqual({ kind: "skip", count: 18 });
    expect(sideBySide(drawn).map((pair) => [pair.left?.kind, pair.right?.kind])).toContainEqual(["gone", "come"]);
  });

  it("of two quite different long texts end", () => {
    const a = Array.from({ length: 4000 }, (_, n) => `a${n}`);
    const b = Array.from({ length: 4000 }, (_, n) => `b${n}`);
    expect(changes(a, b)).toEqual([{ aFrom: 0, aTo: 4000, bFrom: 0, bTo: 4000 }]);
  });
});

describe("a merge", () => {
  const base = join("flow: a", "one: 1", "two: 2", "three: 3", "four: 4");

  it("takes what only one side changed", () => {
    const mine = base.replace("one: 1", "one: 11");
    const theirs = base.replace("four: 4", "four: 44");
    expect(merge(base, mine, theirs, LABELS)).toEqual({ text: join("flow: a", "one: 11", "two: 2", "three: 3", "four: 44"), conflicts: 0 });
  });

  it("counts the same change once", () => {
    const both = base.replace("two: 2", "two: 22");
    expect(merge(base, both, both, LABELS)).toEqual({ text: both, conflicts: 0 });
  });

  it("keeps both words where both changed a line, marked", () => {
    const merged = merge(base, base.replace("two: 2", "two: mine"), base.replace("two: 2", "two: theirs"), LABELS);
    expect(merged.conflicts).toBe(1);
    expect(merged.text).toContain(join("<<<<<<< you", "two: mine", "=======", "two: theirs", ">>>>>>> emma"));
    expect(unresolved(merged.text)).toBe(true);
    expect(unresolved(base)).toBe(false);
  });

  it("keeps lines that both added at one place", () => {
    const merged = merge(base, `${base}\nmine: 1`, `${base}\ntheirs: 1`, LABELS);
    expect(merged.conflicts).toBe(1);
    expect(merged.text).toContain("mine: 1");
    expect(merged.text).toContain("theirs: 1");
  });

  it("never loses a line that one side added and nobody touched", () => {
    let seed = 3;
    const random = (most: number): number => ((seed = (seed * 1103515245 + 12345) % 2147483648) >>> 8) % most;
    for (let round = 0; round < 200; round += 1) {
      const old = Array.from({ length: 8 }, (_, n) => `l${n}`);
      const mine = old.toSpliced(random(8), random(2), `mine ${round}`);
      const theirs = old.toSpliced(random(8), random(2), `theirs ${round}`);
      const { text } = merge(join(...old), join(...mine), join(...theirs), LABELS);
      expect(lines(text)).toContain(`mine ${round}`);
      expect(lines(text)).toContain(`theirs ${round}`);
    }
  });
});

describe("what was typed", () => {
  beforeEach(() => localStorage.clear());

  it("is kept and forgotten", () => {
    expect(keepLocal("flow:a", { text: "new", base: "old", revision: "1", at: 5 })).toBe(true);
    expect(loadLocal("flow:a")).toEqual({ text: "new", base: "old", revision: "1", at: 5 });
    forgetLocal("flow:a");
    expect(loadLocal("flow:a")).toBeNull();
  });

  it("is brought back, and compared where the server moved on", () => {
    const draft = { text: "new", base: "old", revision: "1", at: 5 };
    expect(opening(draft, "old", "1").kind).toBe("restored");
    expect(opening(draft, "theirs", "2").kind).toBe("stale");
    expect(opening(draft, "new", "2").kind).toBe("clean");
    expect(opening(null, "old", "1").kind).toBe("clean");
  });

  it("that cannot be kept is said, and damage is no error", () => {
    const full = { setItem: () => { throw new DOMException("full", "QuotaExceededError"); } } as unknown as Storage;
    expect(keepLocal("flow:a", { text: "new", base: "old", revision: "1", at: 5 }, full)).toBe(false);
    localStorage.setItem("hotline.admin.draft.flow:a", "{");
    expect(loadLocal("flow:a")).toBeNull();
  });
});
