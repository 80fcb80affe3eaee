import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { clock, t } from "../i18n";
import type { Contact, Turn } from "./model";
import { link } from "./store";
import { timeline, UNSURE } from "./timeline";

const NEAR_END = 48;

/** What was said, live. Stays at the end unless the person scrolled up to read. */
export function Conversation({ contact }: { contact: Contact }): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const following = useSignal(true);
  const toEnd = (): void => {
    const box = list.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
  };
  useLayoutEffect(() => {
    if (following.peek()) toEnd();
  }, [contact.turns, contact.answered_at, contact.id]);
  const onScroll = (): void => {
    const box = list.current;
    if (box !== null) following.value = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
  };
  const live = link.value === "open" && contact.phase !== "wrap_up" && contact.phase !== "ended";
  return (
    <section class="panel conversation" aria-label={t("panel.conversation")} data-panel="conversation">
      <h2>
        {t("panel.conversation")}
        {live && <span class="live">{t("talk.live")}</span>}
      </h2>
      {contact.turns.length === 0 && <p class="calm">{t("talk.none")}</p>}
      <ol ref={list} class="turns" tabIndex={0} onScroll={onScroll} aria-label={t("panel.conversation")} data-testid="turns">
        {timeline(contact).map((row) =>
          row.kind === "turn" ? (
            <TurnRow key={row.index} turn={row.turn} />
          ) : (
            <li key={row.kind} class="mark">
              {t(row.kind === "queued" ? "talk.queued" : "talk.answered", { time: clock(row.at) })}
            </li>
          ),
        )}
      </ol>
      {!following.value && (
        <button type="button" class="to-end" onClick={toEnd}>
          {t("talk.latest")}
        </button>
      )}
    </section>
  );
}

function TurnRow({ turn }: { turn: Turn }): JSX.Element {
  return (
    <li class={`turn ${turn.speaker}`} data-testid="turn" data-speaker={turn.speaker}>
      <time class="figures">{clock(turn.at)}</time>
      <span class="speaker">{t(`talk.${turn.speaker}`)}</span>
      <span class="words" lang={turn.language || undefined}>
        {turn.medium === "keys" ? <kbd>{t("talk.pressed", { keys: turn.text })}</kbd> : turn.text}
      </span>
      <Confidence value={turn.medium === "keys" ? null : turn.confidence} />
    </li>
  );
}

export function Confidence({ value }: { value: number | null }): JSX.Element {
  if (value === null) return <span class="confidence" />;
  const percent = Math.round(value * 100);
  return (
    <span class={value < UNSURE ? "confidence unsure" : "confidence"} title={t("talk.confidence", { n: percent })}>
      {value < UNSURE && <span class="word">{t("talk.unsure")}</span>}
      <span class="figures">{value.toFixed(2)}</span>
    </span>
  );
}
