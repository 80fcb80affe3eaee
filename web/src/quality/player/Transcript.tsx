import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { length, named } from "../../i18n";
import type { Deck } from "./deck";
import { lines, marked, wordsOf, type Mark, type Playback, type Turn } from "./model";
import { t, type PlayerKey } from "./words";

const FEELS = { calm: "good", tense: "waiting", angry: "danger" } as const;

interface Props {
  playback: Playback;
  deck: Deck;
  find: string;
}

/** What was said, following the sound; a click on a time or a word goes there. */
export function Transcript({ playback, deck, find }: Props): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const following = useSignal(true);
  const own = useSignal(0);
  useSignalEffect(() => {
    const element = list.current?.querySelector<HTMLElement>(`[data-number="${deck.turn.value}"]`);
    list.current?.querySelector('[aria-current="true"]')?.removeAttribute("aria-current");
    element?.setAttribute("aria-current", "true");
    if (element && following.value && deck.playing.value) {
      own.value = performance.now();
      into(list.current, element);
    }
  });
  const go = (event: MouseEvent): void => {
    const word = (event.target as HTMLElement).closest<HTMLElement>("[data-at]");
    // Marking text with the mouse is no click on its last word.
    if (word === null || (getSelection()?.toString() ?? "") !== "") return;
    deck.seek(Number(word.dataset["at"]), deck.playing.peek());
  };
  // Whoever scrolls by himself wants to read on there.
  const scrolled = (): void => {
    if (deck.playing.peek() && performance.now() - own.peek() > 400) following.value = false;
  };
  if (playback.turns.length === 0) return <p class="calm blank">{t("player.no_words")}</p>;
  const number = new Map(playback.turns.map((turn, n) => [turn, n]));
  return (
    <div class="said-box">
      <ol ref={list} class="said-list" data-testid="transcript" tabIndex={0} aria-label={t("player.transcript")} onClick={go} onWheel={scrolled} onTouchMove={scrolled}>
        {lines(playback).map(({ key, turn, mark }) =>
          turn !== undefined ? (
            <Said key={key} turn={turn} number={number.get(turn) ?? 0} deck={deck} find={find} />
          ) : (
            <Happened key={key} mark={mark!} />
          ),
        )}
      </ol>
      {!following.value && (
        <button type="button" class="follow" data-testid="follow" onClick={() => (following.value = true)}>
          {t("player.follow")}
        </button>
      )}
    </div>
  );
}

interface SaidProps {
  turn: Turn;
  number: number;
  deck: Deck;
  find: string;
}

function Said({ turn, number, deck, find }: SaidProps): JSX.Element {
  const words = wordsOf(turn);
  const hits = marked(words, find);
  const feels = FEELS[turn.mood as keyof typeof FEELS];
  const who = t(`player.who.${turn.speaker}` as PlayerKey);
  const unsure = turn.confidence !== null && turn.confidence < 0.6;
  return (
    <li class={`said-line ${turn.speaker}`} data-number={number} data-testid={`turn-${turn.index}`}>
      <button type="button" class="plain said-at figures" aria-label={t("player.from", { at: length(turn.from), who })} onClick={() => deck.say(number)}>
        {length(turn.from)}
      </button>
      <span class="said-who">{who}</span>
      <p lang={turn.language} class={unsure ? "unsure" : ""} title={unsure ? t("player.unsure") : undefined}>
        {words.map((word, n) =>
          word.said ? (
            hits[n] ? <mark key={n} data-at={word.at}>{word.text}</mark> : <span key={n} data-at={word.at}>{word.text}</span>
          ) : (
            word.text
          ),
        )}
        {turn.medium === "keys" && <small class="calm"> {t("player.keys")}</small>}
      </p>
      {feels !== undefined && turn.speaker === "caller" && (
        <span class={`said-mood ${feels}`}>
          <span class={`shape ${feels}`} aria-hidden="true" />
          <span class={turn.mood === "calm" ? "unseen" : ""}>{named("mood", turn.mood)}</span>
        </span>
      )}
    </li>
  );
}

function Happened({ mark }: { mark: Mark }): JSX.Element {
  const long = mark.to - mark.from;
  return (
    <li class={`said-mark ${mark.kind}`} data-kind={mark.kind}>
      <button type="button" class="plain figures" data-at={mark.from}>{length(mark.from)}</button>
      <span>
        {t(`player.mark.${mark.kind}` as PlayerKey, { label: mark.label })}
        {long >= 1 && ` ${t("player.seconds", { n: Math.round(long) })}`}
      </span>
    </li>
  );
}

/** Into sight within its own list, about a third from the top: the page itself stays where it is. */
function into(list: HTMLElement | null, element: HTMLElement): void {
  if (list === null) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const top = element.offsetTop - list.offsetTop - list.clientHeight / 3;
  if (Math.abs(list.scrollTop - top) > list.clientHeight / 4) list.scrollTo({ top, behavior: calm ? "auto" : "smooth" });
}
