import type { JSX } from "preact";
import { clock, language, named, t } from "../i18n";
import { advice, said } from "./insight";
import type { Contact, Hint } from "./model";
import { marked, put } from "./side/store";
import { s } from "./side/words";
import { hintSeen } from "./store";
import { yoursSince } from "./timeline";

/** The last advice, under the conversation, read out when it comes; the box is always there, so that it is announced. */
export function Advice({ contact }: { contact: Contact }): JSX.Element {
  const since = contact.phase === "wrap_up" ? null : yoursSince(contact);
  const hint = since === null ? null : advice(contact.handover, Math.max(hintSeen.value, since)); // a colleague's is over
  return (
    <div class="advice" role="status" aria-live="polite" data-testid="advice">
      {hint !== null && (
        <div class="advice-line" data-testid="hint" data-kind={hint.kind}>
          <HintWords hint={hint} />
          <Worth hint={hint} />
          <button type="button" aria-label={t("notice.close")} data-testid="hint-close" onClick={() => (hintSeen.value = hint.at)}>
            ✕
          </button>
        </div>
      )}
    </div>
  );
}

/** Earlier advice, to be looked up. */
export function EarlierAdvice({ contact }: { contact: Contact }): JSX.Element | null {
  const hints = contact.handover.hints ?? [];
  if (hints.length === 0) return null;
  return (
    <details class="earlier" data-testid="hints">
      <summary>{t("hint.all", { n: hints.length })}</summary>
      <ul>
        {hints.toReversed().map((hint) => (
          <li key={`${hint.at} ${hint.name}`}>
            <time class="figures">{clock(hint.at)}</time>
            <HintWords hint={hint} />
            <Worth hint={hint} />
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Whether it was of use, so that the house learns which hints are. */
function Worth({ hint }: { hint: Hint }): JSX.Element {
  const worth = marked("hint", hint.name);
  return (
    <span class="worth">
      {(["useful", "useless"] as const).map((value) => (
        <button
          key={value}
          type="button"
          aria-pressed={worth === value}
          data-testid={`hint-${value}`}
          onClick={() => void put({ kind: "hint", name: hint.name, value: worth === value ? "" : value })}
        >
          {s(`side.cards.${value}`)}
        </button>
      ))}
    </span>
  );
}

function HintWords({ hint }: { hint: Hint }): JSX.Element {
  const why = said(hint.why, language.value);
  return (
    <p>
      <span class="label">{named("hint", hint.kind)}</span> <strong>{said(hint.text, language.value)}</strong>
      {why !== "" && <span class="sub"> {why}</span>}
    </p>
  );
}
