import type { JSX } from "preact";
import { clock, day, t } from "../i18n";
import type { Callback, Contact, Turn } from "./model";

/** We called: what was promised, and what the first call was about. */
export function CalledBack({ callback }: { callback: Callback | undefined }): JSX.Element | null {
  if (callback === undefined) return null;
  const { number, promised_at: at, attempt, reason, summary } = callback;
  const facts = [
    at ? t("callback.promised", { time: `${day(at)} ${clock(at)}` }) : "",
    attempt > 1 ? t("callback.attempt", { n: attempt }) : "",
    callback.origin === "lost" ? t("callback.lost") : "",
  ];
  return (
    <section data-testid="callback">
      <h3>
        {t("callback.title")} <span class="chip">{number}</span>
      </h3>
      <p class="sub">{facts.filter(Boolean).join(" · ")}</p>
      {reason && callback.origin !== "lost" && <p>{reason}</p>}
      {summary && <p class="summary">{summary}</p>}
    </section>
  );
}

/** The words of the call that made the promise, before those of this one. */
export function Earlier({ contact }: { contact: Contact }): JSX.Element | null {
  const turns = contact.earlier ?? [];
  if (turns.length === 0) return null;
  return (
    <details class="earlier" open={contact.phase === "offered"} data-testid="earlier">
      <summary>{t("callback.earlier", { n: turns.length })}</summary>
      <ol class="turns">
        {turns.map((turn, n) => (
          <Line key={n} turn={turn} />
        ))}
      </ol>
    </details>
  );
}

function Line({ turn }: { turn: Turn }): JSX.Element {
  return (
    <li class={`turn ${turn.speaker}`}>
      <time class="figures">{clock(turn.at)}</time>
      <span class="speaker">{t(`talk.${turn.speaker}`)}</span>
      <span class="words" lang={turn.language || undefined}>
        {turn.medium === "keys" ? <kbd>{t("talk.pressed", { keys: turn.text })}</kbd> : turn.text}
      </span>
    </li>
  );
}
