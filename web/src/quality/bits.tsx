import type { ComponentChildren, JSX } from "preact";
import { length, named } from "../i18n";
import { wordsOf } from "./api";
import type { Contact, Reason, ReviewState, Row, Score } from "./model";
import type { Reading } from "./reading";
import { percent, points, scoreKind } from "./score";
import { called, t, when } from "./words";
import { unturned } from "../i18n/fill";

/** Points with what they mean, as a shape and a word. */
export function ScoreMark({ score, large = false }: { score: Score | null; large?: boolean }): JSX.Element {
  const kind = score === null ? "" : scoreKind(score);
  const words = kind === "" ? "" : score?.fatal.length ? t("score.fatal") : t(score?.passed ? "score.passed" : "score.missed");
  return (
    <span class={`score ${large ? "large" : ""}`} data-testid="score" data-score={score?.score ?? ""}>
      <b class="figures">{points(score?.score)}</b>
      {kind !== "" && <span class={`shape ${kind}`} aria-hidden="true" />}
      {!large && score !== null && score.score !== null && score.covered < 1 && <span class="sub" data-testid="covered">{t("score.covered", { share: percent(score.covered) })}</span>}
      <span class={large ? `verdict ${kind}` : "unseen"}>{words}</span>
    </span>
  );
}

const MOODS: Record<string, string> = { calm: "good", tense: "waiting", angry: "danger" };

export function MoodMark({ mood }: { mood: string }): JSX.Element | null {
  const kind = MOODS[mood];
  if (kind === undefined) return null;
  return (
    <span class="mark">
      <span class={`shape ${kind}`} aria-hidden="true" />
      {named("mood", mood)}
    </span>
  );
}

const REASONS: Record<Reason, string> = { low_score: "attention", bad_mood: "danger", complaint: "danger", random: "" };

export function ReasonMark({ reason }: { reason: Reason }): JSX.Element {
  return (
    <span class="mark" data-reason={reason}>
      <span class={`shape ${REASONS[reason] ?? ""}`} aria-hidden="true" />
      {called("reason", reason)}
    </span>
  );
}

const STATES: Record<ReviewState, string> = { draft: "", published: "good", appealed: "waiting", settled: "" };

export function StateTag({ row }: { row: Pick<Row, "state" | "seen_at" | "evaluator"> }): JSX.Element {
  return (
    <span class={`tag ${STATES[row.state]}`} data-state={row.state}>
      {row.evaluator === "automatic" ? t("review.automatic") : t(`state.review.${row.state}`)}
    </span>
  );
}

export function callerOf(contact: Contact | null): string {
  if (contact === null) return t("contact.gone");
  return unturned(contact.caller_name || contact.caller_number || t("who.unknown"));
}

/** What a contact was about, in a line: queue, what was wanted, how long. */
export function aboutOf(contact: Contact | null): string {
  if (contact === null) return "";
  const talk = contact.talk_seconds === null ? "" : length(contact.talk_seconds);
  return [contact.queue, contact.intent && named("intent", contact.intent), talk].filter(Boolean).join(" · ");
}

export function When({ at }: { at: number | string | null }): JSX.Element {
  return <time class="figures when">{when(at)}</time>;
}

/** While nothing came yet, where nothing came, and where there is nothing. Otherwise the children. */
export function Read<Given>({ of, empty, children }: { of: Reading<Given>; empty?: ComponentChildren; children: ComponentChildren }): JSX.Element {
  if (of.value === null && of.failed === null) return <p class="calm blank" role="status">{t("quality.loading")}</p>;
  if (of.value === null) {
    return (
      <div class="blank" role="alert" data-testid="failed">
        <p class="danger">{wordsOf(of.failed)}</p>
        <button type="button" onClick={of.again}>{t("quality.again")}</button>
      </div>
    );
  }
  return (
    <>
      {of.failed !== null && <p class="danger blank" role="alert">{wordsOf(of.failed)}</p>}
      {empty ?? children}
    </>
  );
}

export function Blank({ children }: { children: ComponentChildren }): JSX.Element {
  return <p class="calm blank" data-testid="nothing">{children}</p>;
}

/** Goes on where a list has more than what is shown. */
export function More({ next, more }: { next: string | null | undefined; more(): Promise<void> }): JSX.Element | null {
  if (next === null || next === undefined) return null;
  return (
    <button type="button" class="more" data-testid="more" onClick={() => void more()}>{t("quality.more")}</button>
  );
}

/** A choice of one of a few, as buttons beside each other. */
export function Chips<Name extends string>(props: { label: string; names: readonly Name[]; chosen: Name; words(name: Name): string; choose(name: Name): void }): JSX.Element {
  return (
    <div class="chips" role="group" aria-label={props.label}>
      {props.names.map((name) => (
        <button key={name} type="button" class="chip" aria-pressed={props.chosen === name} data-testid={`chip-${name}`} onClick={() => props.choose(name)}>
          {props.words(name)}
        </button>
      ))}
    </div>
  );
}
