import { computed, signal } from "@preact/signals";
import type { Turn } from "./player/model";

/** Where the player stands, in seconds of its timeline; null while there is nothing to play. */
export const second = signal<number | null>(null);
/** The same in whole seconds: what counts along is drawn once a second. */
export const whole = computed(() => (second.value === null ? null : Math.floor(second.value)));
/** The turns as the player has them, with the second at which each is heard; none while it has not read them. */
export const turns = signal<readonly Turn[]>([]);
/** What is asked of the player; `n` counts, so that the same second can be asked for twice. */
export const wanted = signal<{ at: number; n: number } | null>(null);

/** Play from a second. */
export function jump(at: number): void {
  wanted.value = { at, n: (wanted.peek()?.n ?? 0) + 1 };
}
