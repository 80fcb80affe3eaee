import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { length } from "../i18n";
import type { Answer, Question, Value } from "./model";
import { jump, second, whole } from "./seek";
import { kindOf, SCALE, valuesOf, valueWords } from "./score";
import { t, textOf } from "./words";

interface ValuesProps {
  question: Question;
  value: Value;
  label: string;
  choose(value: Value): void;
  id?: string;
}

/** The values of a question, as buttons of which one is pressed. */
export function Values({ question, value, label, choose, id }: ValuesProps): JSX.Element {
  const name = useId();
  const long = question.kind === "choice";
  return (
    <div class={long ? "values long" : "values"} role="radiogroup" aria-label={label} data-testid={id ?? `values-${question.name}`}>
      {valuesOf(question).map((one) => (
        <label key={one} class={value === one ? `value chosen ${kindOf(question, one)}` : "value"}>
          <input type="radio" name={name} checked={value === one} data-testid={`value-${one}`} onChange={() => choose(one)} />
          <span>{question.kind === "scale" && (SCALE as readonly unknown[]).includes(one) ? one : valueWords(question, one)}</span>
        </label>
      ))}
    </div>
  );
}

/** What was asked, with what it weighs. */
export function Asked({ question }: { question: Question }): JSX.Element {
  return (
    <p class="asked">
      <span>{textOf(question.title) || question.name}</span>
      {question.fatal && (
        <span class="tag danger" title={t("card.fatal.hint")}>{t("card.fatal")}</span>
      )}
      <span class="sub figures" title={t("card.weight")}>{question.weight}</span>
    </p>
  );
}

/** The second that an answer points at; a click plays it. */
export function Moment({ at }: { at: number }): JSX.Element {
  return (
    <button type="button" class="moment figures" data-testid="moment" aria-label={t("quality.play_from", { time: length(at) })} onClick={() => jump(at)}>
      ▸ {length(at)}
    </button>
  );
}

/** Take the second at which the player stands. */
export function MarkMoment({ choose }: { choose(at: number): void }): JSX.Element | null {
  if (whole.value === null) return null;
  return (
    <button type="button" class="plain figures" data-testid="mark-moment" title={t("card.moment")} onClick={() => choose(second.peek() ?? 0)}>
      {t("card.moment.at", { time: length(whole.value) })}
    </button>
  );
}

/** What an automatic answer rests on, or why there is none. */
function Why({ answer }: { answer: Answer }): JSX.Element | null {
  const words = textOf(answer.why);
  if (!answer.automatic && (words === "" || answer.value !== null)) return null;
  return (
    <p class="sub why" data-testid="why">
      {answer.automatic && <span class="tag">{t("review.automatic")}</span>} {words}
    </p>
  );
}

interface EditProps {
  question: Question;
  answer: Answer;
  change(change: { value?: Value; comment?: string; at?: number | null }): void;
}

/** A question with its answer to be given. */
export function QuestionEdit({ question, answer, change }: EditProps): JSX.Element {
  const open = useSignal(false);
  const commented = open.value || answer.comment !== "";
  const title = textOf(question.title) || question.name;
  return (
    <li class="question" data-testid={`question-${question.name}`} data-value={answer.value ?? ""} data-automatic={answer.automatic}>
      <Asked question={question} />
      {textOf(question.guide) !== "" && <p class="sub">{textOf(question.guide)}</p>}
      <Values question={question} value={answer.value} label={title} choose={(value) => change({ value })} />
      <Why answer={answer} />
      <div class="row small">
        {answer.at !== null && <Moment at={answer.at} />}
        <MarkMoment choose={(at) => change({ at })} />
        {answer.at !== null && <button type="button" class="plain" onClick={() => change({ at: null })}>{t("card.moment.drop")}</button>}
        {!commented && <button type="button" class="plain" data-testid="comment-open" onClick={() => (open.value = true)}>{t("card.comment")}</button>}
      </div>
      {commented && (
        <textarea
          rows={2}
          maxLength={2000}
          aria-label={t("card.comment.to", { title })}
          placeholder={t("card.comment.hint")}
          value={answer.comment}
          data-testid="comment"
          onInput={(event) => change({ comment: event.currentTarget.value })}
        />
      )}
    </li>
  );
}

/** A question with its answer as it stands; `children` is what may be said about it. */
export function QuestionRead({ question, answer, children }: { question: Question; answer: Answer | undefined; children?: ComponentChildren }): JSX.Element {
  const value = answer?.value ?? null;
  const kind = kindOf(question, value);
  return (
    <li class="question" data-testid={`question-${question.name}`} data-value={value ?? ""}>
      <Asked question={question} />
      <p class="answered">
        {kind !== "" && <span class={`shape ${kind}`} aria-hidden="true" />}
        <b>{valueWords(question, value)}</b>
        {answer !== undefined && answer.at !== null && <Moment at={answer.at} />}
      </p>
      {answer !== undefined && <Why answer={answer} />}
      {answer !== undefined && answer.comment !== "" && <p class="said">{answer.comment}</p>}
      {children}
    </li>
  );
}
