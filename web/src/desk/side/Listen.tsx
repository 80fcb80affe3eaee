import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { Contact, Turn } from "../model";
import { say } from "../store";
import { recorded } from "./book";
import { of } from "./requests";
import { recordings } from "./store";
import { s } from "./words";

let player: HTMLAudioElement | null = null;
const playing = signal("");

function stop(): void {
  player?.pause();
  player = null;
  playing.value = "";
}

function play(contact: Contact, index: number): void {
  stop();
  const one = new Audio(of(contact.id, `turns/${index}/sound`));
  player = one;
  playing.value = `${contact.id} ${index}`;
  one.onended = stop;
  const failed = (): void => {
    if (player !== one) return;
    stop();
    say(s("side.listen.failed"));
  };
  one.onerror = failed;
  void one.play().catch(failed);
}

/** Hear what was said in a turn, where it was recorded. */
export function Listen({ contact, turn, index }: { contact: Contact; turn: Turn; index: number }): JSX.Element | null {
  if (!recorded(turn, recordings.value)) return null;
  const on = playing.value === `${contact.id} ${index}`;
  const words = s(on ? "side.listen.stop" : "side.listen");
  return (
    <button
      type="button"
      class="listen"
      title={words}
      aria-label={words}
      aria-pressed={on}
      data-testid="listen"
      onClick={() => (on ? stop() : play(contact, index))}
    >
      <span aria-hidden="true">{on ? "■" : "▶"}</span>
    </button>
  );
}
