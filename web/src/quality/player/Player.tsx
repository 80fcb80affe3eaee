import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { length } from "../../i18n";
import { Refused } from "../../net/ask";
import { Icon } from "../../ui/icons";
import { ask } from "../api";
import "../../styles/player.css";
import { Deck, type Voice } from "./deck";
import { RATES, wish, type Playback, type Turn } from "./model";
import { Transcript } from "./Transcript";
import { Wave } from "./Wave";
import { t, type PlayerKey } from "./words";

interface PlayerProps {
  contact: string;
  /** Where to begin; null at the beginning. */
  at: number | null;
  /** The turn with which to begin; where it is not there, `at`. */
  turn: number | null;
  /** Told what was said when. */
  turns: Signal<readonly Turn[]>;
  /** Words that are marked in the transcript. */
  find: string;
  /** Where it stands, for who writes it down; null while there is nothing. */
  second: Signal<number | null>;
  /** Go there and play. */
  wanted: Signal<{ at: number; n: number } | null>;
  /** Seconds to which somebody wrote something: they are marked on the picture. */
  pins: readonly number[];
}

type Found = { state: "loading" } | { state: "failed"; words: string; again: boolean } | { state: "there"; playback: Playback };

/** A contact that is over: its sound with both voices drawn, the caller's mood, and the words, all in step. */
export function Player(props: PlayerProps): JSX.Element {
  const found = useSignal<Found>({ state: "loading" });
  const tries = useSignal(0);
  useEffect(() => {
    let current = true;
    found.value = { state: "loading" };
    ask<Playback>("GET", `/contacts/${encodeURIComponent(props.contact)}/playback`).then(
      (playback) => current && (found.value = { state: "there", playback }),
      (error: unknown) => current && (found.value = failed(error)),
    );
    return () => void (current = false);
  }, [props.contact, tries.value]);
  const now = found.value;
  if (now.state === "loading") return <p class="calm blank" role="status">{t("player.loading")}</p>;
  if (now.state === "failed") {
    return (
      <div class="blank" role="alert">
        <p>{now.words}</p>
        {now.again && <button type="button" onClick={() => tries.value++}>{t("player.again")}</button>}
      </div>
    );
  }
  return <Ready key={`${now.playback.contact_id} ${tries.value}`} {...props} playback={now.playback} />;
}

function Ready({ playback, at, turn, turns, find, second, wanted, pins }: PlayerProps & { playback: Playback }): JSX.Element {
  const root = useRef<HTMLElement>(null);
  const audio = useMemo(() => new Audio(), []);
  const deck = useMemo(() => {
    audio.preload = "metadata";
    return new Deck(playback, audio as Voice, playback.turns.find(({ index }) => index === turn)?.from ?? at);
  }, []);
  useEffect(() => void (turns.value = playback.turns), []);
  useEffect(() => {
    const keys = (event: KeyboardEvent): void => {
      const asked = mine(event, root.current) ? wish(event) : null;
      if (asked === null) return;
      event.preventDefault();
      deck.obey(asked);
    };
    document.addEventListener("keydown", keys);
    return () => {
      document.removeEventListener("keydown", keys);
      deck.close();
      second.value = null;
    };
  }, []);
  useSignalEffect(() => {
    second.value = Math.round(deck.second.value * 10) / 10;
  });
  useSignalEffect(() => {
    const asked = wanted.value;
    if (asked) deck.seek(asked.at, true);
  });
  const kinds = [...new Set(playback.marks.map((mark) => mark.kind))];
  return (
    <section ref={root} class="player" data-testid="player" data-playing={deck.playing.value} aria-label={t("player.title")}>
      {!deck.silent && <Wave playback={playback} deck={deck} pins={pins} />}
      {!deck.silent && <Legend kinds={kinds} />}
      {!deck.silent && <Transport deck={deck} />}
      <Missing playback={playback} />
      <Transcript playback={playback} deck={deck} find={find} />
    </section>
  );
}

function Transport({ deck }: { deck: Deck }): JSX.Element {
  const playing = deck.playing.value;
  return (
    <div class="transport">
      <button type="button" class="primary square" data-testid="play" aria-label={t(playing ? "player.pause" : "player.play")} title={t("player.play.hint")} onClick={() => deck.toggle()}>
        <Icon name={playing ? "hold" : "play"} />
      </button>
      <button type="button" class="plain" title="J" data-testid="back" aria-label={t("player.back")} onClick={() => deck.obey({ kind: "by", seconds: -10 })}>−10</button>
      <button type="button" class="plain" title="L" data-testid="forward" aria-label={t("player.forward")} onClick={() => deck.obey({ kind: "by", seconds: 10 })}>+10</button>
      <Clock deck={deck} />
      <span class="calm" role="status">{deck.failed.value ? "" : deck.loading.value && playing ? t("player.buffering") : ""}</span>
      <select aria-label={t("player.rate")} data-testid="rate" value={String(deck.rate.value)} onChange={(event) => deck.setRate(Number(event.currentTarget.value))}>
        {RATES.map((rate) => <option key={rate} value={String(rate)}>{rate}×</option>)}
      </select>
      {deck.failed.value && <p class="danger" role="alert">{t("player.broken")}</p>}
    </div>
  );
}

/** Written without drawing anything else anew. */
function Clock({ deck }: { deck: Deck }): JSX.Element {
  const now = useSignal(0);
  useSignalEffect(() => {
    now.value = Math.floor(deck.second.value);
  });
  return (
    <span class="figures player-clock" data-testid="clock">
      {length(now.value)} <span class="calm">/ {length(deck.span[1])}</span>
    </span>
  );
}

/** What the signs of the picture mean; only those that are there. */
function Legend({ kinds }: { kinds: readonly string[] }): JSX.Element {
  const told = ["hold", "queue", "silence", "talk_over", "private", "pause", "transfer"].filter((kind) => kinds.includes(kind));
  return (
    <ul class="legend" aria-label={t("player.legend")}>
      <li><i class="sign caller" />{t("player.who.caller")}</li>
      <li><i class="sign heard" />{t("player.heard")}</li>
      <li><i class="sign mood" />{t("player.mood")}</li>
      {told.map((kind) => <li key={kind}><i class={`sign ${kind}`} />{t(`player.kind.${kind}` as PlayerKey)}</li>)}
    </ul>
  );
}

/** Why something is not to be heard. */
function Missing({ playback }: { playback: Playback }): JSX.Element | null {
  const gone = playback.recordings.filter((one) => one.url === null);
  if (playback.recordings.length === 0) return <p class="calm note" data-testid="unrecorded">{t("player.unrecorded")}</p>;
  if (gone.length === 0) return null;
  const why = t(`player.why.${gone[0]?.why ?? "missing"}` as PlayerKey);
  return <p class="note waiting" data-testid="missing">{t("player.missing", { n: gone.length, of: playback.recordings.length, why })}</p>;
}

/** Keys are the player's where nobody types and no other control has the focus. */
function mine(event: KeyboardEvent, root: HTMLElement | null): boolean {
  const target = event.target as HTMLElement;
  if (root === null || event.defaultPrevented || !(target === document.body || root.contains(target))) return false;
  if (target.closest("input, textarea, select, [contenteditable]") !== null) return false;
  return !(event.key === " " && target.closest("button, a, summary") !== null);
}

function failed(error: unknown): Found {
  const status = error instanceof Refused ? error.status : 0;
  const key: PlayerKey = status === 404 ? "player.gone" : status === 403 ? "player.not_allowed" : status === 0 ? "player.offline" : "player.failed";
  return { state: "failed", words: t(key), again: status !== 404 && status !== 403 };
}
