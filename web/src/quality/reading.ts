import { batch, useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** Something read from the server: null until it came. */
export interface Reading<Given> {
  value: Given | null;
  failed: unknown;
  again(): void;
  put(given: Given): void;
  /** What is there now becomes another; nothing happens where nothing is. */
  change(how: (now: Given) => Given): void;
  fail(error: unknown): void;
}

/** Read when first drawn and whenever `key` changes; an answer that came too late is left. */
export function useReading<Given>(key: string, read: () => Promise<Given>): Reading<Given> {
  const value: Signal<Given | null> = useSignal<Given | null>(null);
  const failed = useSignal<unknown>(null);
  const turn = useSignal(0);
  useEffect(() => {
    let here = true;
    failed.value = null;
    read().then(
      (given) => here && (value.value = given),
      (error: unknown) => here && (failed.value = error),
    );
    return () => void (here = false);
  }, [key, turn.value]);
  const put = (given: Given): void =>
    batch(() => {
      value.value = given;
      failed.value = null;
    });
  return {
    value: value.value,
    failed: failed.value,
    again: () => void (turn.value += 1),
    put,
    change: (how) => {
      const now = value.peek();
      if (now !== null) put(how(now));
    },
    fail: (error) => void (failed.value = error),
  };
}

export interface Pages<One> extends Reading<{ rows: One[]; next: string | null }> {
  more(): Promise<void>;
}

/** A list that goes on: `more` reads what comes after its last row, and leaves it where another list is looked at meanwhile. */
export function usePages<One>(key: string, read: (before: string) => Promise<{ rows: One[]; next: string | null }>): Pages<One> {
  const pages = useReading(key, () => read(""));
  const now = useRef(key);
  now.current = key;
  const more = async (): Promise<void> => {
    const before = pages.value?.next ?? null;
    if (before === null) return;
    try {
      const found = await read(before);
      if (now.current === key) pages.change(({ rows, next }) => (next === before ? { rows: [...rows, ...found.rows], next: found.next } : { rows, next }));
    } catch (error) {
      if (now.current === key) pages.fail(error);
    }
  };
  return { ...pages, more };
}
