import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import * as api from "./api";
import type { Appeal, Decision, Question, Review, Value } from "./model";
import { Values } from "./Question";
import { CardRead } from "./Scorecard";
import { points, valueWords } from "./score";
import { act, countNews } from "./store";
import { t, textOf, when } from "./words";

interface Props {
  review: Review;
  changed(review: Review): void;
}

/** A published review with whatever may be done about it: seen, appealed, decided. */
export function CardPublished({ review, changed }: Props): JSX.Element {
  const opening = useSignal(false);
  if (review.may.decide && review.appeal_body?.state === "open") return <Deciding review={review} appeal={review.appeal_body} changed={changed} />;
  if (opening.value) return <Opening review={review} changed={changed} cancel={() => (opening.value = false)} />;
  return (
    <CardRead review={review} beside={(question) => <Disputed appeal={review.appeal_body} question={question} />}>
      {review.appeal_body !== null && <AppealWords appeal={review.appeal_body} />}
      {(review.may.acknowledge || review.may.appeal) && (
        <footer class="card-foot">
          <div class="row">
            {review.may.acknowledge && <Seen review={review} changed={changed} />}
            {review.may.appeal && <button type="button" data-testid="appeal-open" onClick={() => (opening.value = true)}>{t("appeal.open")}</button>}
          </div>
          {review.may.appeal && review.appeal_until !== null && <p class="sub">{t("appeal.until", { at: when(review.appeal_until) })}</p>}
        </footer>
      )}
    </CardRead>
  );
}

function Seen({ review, changed }: Props): JSX.Element {
  const seen = async (): Promise<void> => {
    const done = await act(api.acknowledge(review.id), t("review.seen.done"));
    if (done !== null) changed(done);
    void countNews();
  };
  return <button type="button" class="primary" data-testid="acknowledge" onClick={() => void seen()}>{t("review.seen")}</button>;
}

/** What was said against an answer, and what became of it. */
function Disputed({ appeal, question }: { appeal: Appeal | null; question: Question }): JSX.Element | null {
  const reason = appeal?.reasons[question.name];
  if (appeal === null || reason === undefined) return null;
  const decision = appeal.decisions[question.name];
  return (
    <div class="disputed" data-testid="disputed">
      <p><b>{t("appeal.says", { name: appeal.agent_name || appeal.agent_id })}</b> {reason}</p>
      {decision !== undefined && (
        <p>
          <span class={`shape ${decision.granted ? "good" : ""}`} aria-hidden="true" />{" "}
          <b data-testid="decision" data-granted={decision.granted}>{decisionWords(question, decision)}</b> {decision.reason}
        </p>
      )}
    </div>
  );
}

function decisionWords(question: Question, decision: Decision): string {
  if (!decision.granted) return t("appeal.kept");
  return t("appeal.granted", { before: valueWords(question, decision.before), value: valueWords(question, decision.value) });
}

function AppealWords({ appeal }: { appeal: Appeal }): JSX.Element {
  return (
    <div class="disputed" data-testid="appeal" data-state={appeal.state}>
      {appeal.comment !== "" && <p>{appeal.comment}</p>}
      {appeal.state === "open" ? (
        <p><span class="shape waiting" aria-hidden="true" /> {t("appeal.waits", { at: when(appeal.opened_at) })}</p>
      ) : (
        <>
          <p>{t("appeal.decided", { name: appeal.decided_by_name || appeal.decided_by, at: when(appeal.decided_at), before: points(appeal.score_before), after: points(appeal.score_after) })}</p>
          {appeal.answer !== "" && <p class="said">{appeal.answer}</p>}
        </>
      )}
    </div>
  );
}

/** The agent says which answers are not right, and why. */
function Opening({ review, changed, cancel }: Props & { cancel(): void }): JSX.Element {
  const reasons = useSignal<Record<string, string>>({});
  const comment = useSignal("");
  const set = (name: string, text: string | null): void => {
    const { [name]: _, ...rest } = reasons.value;
    reasons.value = text === null ? rest : { ...rest, [name]: text };
  };
  const given = Object.values(reasons.value);
  const ready = given.length > 0 && given.every((text) => text.trim() !== "");
  const send = async (): Promise<void> => {
    const done = await act(api.appeal(review.id, reasons.value, comment.value), t("appeal.sent"));
    if (done !== null) changed(done);
  };
  const beside = (question: Question): JSX.Element => {
    const reason = reasons.value[question.name];
    return (
      <div class="disputed">
        <label class="check">
          <input type="checkbox" checked={reason !== undefined} data-testid={`dispute-${question.name}`} onChange={(event) => set(question.name, event.currentTarget.checked ? "" : null)} />
          {t("appeal.this")}
        </label>
        {reason !== undefined && (
          <textarea rows={2} maxLength={2000} aria-label={t("appeal.why", { title: textOf(question.title) })} placeholder={t("appeal.why.hint")} value={reason} data-testid={`dispute-why-${question.name}`} onInput={(event) => set(question.name, event.currentTarget.value)} />
        )}
      </div>
    );
  };
  return (
    <CardRead review={review} beside={beside}>
      <footer class="card-foot" data-testid="appeal-form">
        <label class="field">
          <span>{t("appeal.comment")}</span>
          <textarea rows={2} maxLength={2000} value={comment.value} onInput={(event) => (comment.value = event.currentTarget.value)} />
        </label>
        <p class="sub">{t(ready ? "appeal.goes_to" : "appeal.choose")}</p>
        <div class="row">
          <button type="button" class="primary" disabled={!ready} data-testid="appeal-send" onClick={() => void send()}>{t("appeal.send")}</button>
          <button type="button" class="plain" onClick={cancel}>{t("quality.cancel")}</button>
        </div>
      </footer>
    </CardRead>
  );
}

interface Deciding {
  granted: boolean | null;
  value: Value;
  reason: string;
}

/** Somebody other than the evaluator decides, question by question. */
function Deciding({ review, appeal, changed }: Props & { appeal: Appeal }): JSX.Element {
  const decisions = useSignal<Record<string, Deciding>>({});
  const answer = useSignal("");
  const names = Object.keys(appeal.reasons);
  const of = (name: string): Deciding => decisions.value[name] ?? { granted: null, value: null, reason: "" };
  const set = (name: string, change: Partial<Deciding>): void => {
    decisions.value = { ...decisions.value, [name]: { ...of(name), ...change } };
  };
  const ready = names.every((name) => {
    const { granted, value, reason } = of(name);
    return granted !== null && reason.trim() !== "" && (!granted || value !== null);
  });
  const send = async (): Promise<void> => {
    const body = Object.fromEntries(names.map((name) => [name, decisionOf(of(name))]));
    const done = await act(api.decide(review.id, body, answer.value), t("appeal.decide.done"));
    if (done !== null) changed(done);
    void countNews();
  };
  const beside = (question: Question): JSX.Element | null => {
    const reason = appeal.reasons[question.name];
    if (reason === undefined) return null;
    return <DecideOne question={question} appeal={appeal} now={of(question.name)} set={(change) => set(question.name, change)} />;
  };
  return (
    <CardRead review={review} beside={beside}>
      {appeal.comment !== "" && <p class="said">{appeal.comment}</p>}
      <footer class="card-foot" data-testid="decide-form">
        <label class="field">
          <span>{t("appeal.answer")}</span>
          <textarea rows={2} maxLength={2000} value={answer.value} data-testid="decide-answer" onInput={(event) => (answer.value = event.currentTarget.value)} />
        </label>
        <button type="button" class="primary" disabled={!ready} data-testid="decide-send" onClick={() => void send()}>{t("appeal.decide.send")}</button>
        {!ready && <p class="sub">{t("appeal.decide.each")}</p>}
      </footer>
    </CardRead>
  );
}

function decisionOf({ granted, value, reason }: Deciding): Partial<Decision> {
  return granted === true ? { granted, value, reason } : { granted: false, reason };
}

function DecideOne({ question, appeal, now, set }: { question: Question; appeal: Appeal; now: Deciding; set(change: Partial<Deciding>): void }): JSX.Element {
  const title = textOf(question.title) || question.name;
  return (
    <div class="disputed" data-testid={`decide-${question.name}`}>
      <p><b>{t("appeal.says", { name: appeal.agent_name || appeal.agent_id })}</b> {appeal.reasons[question.name]}</p>
      <div class="row">
        <button type="button" class="chip" aria-pressed={now.granted === false} data-testid="decide-keep" onClick={() => set({ granted: false, value: null })}>{t("appeal.keep")}</button>
        <button type="button" class="chip" aria-pressed={now.granted === true} data-testid="decide-grant" onClick={() => set({ granted: true })}>{t("appeal.grant")}</button>
      </div>
      {now.granted === true && <Values question={question} value={now.value} label={t("appeal.new_value", { title })} choose={(value) => set({ value })} id="decide-values" />}
      {now.granted !== null && (
        <textarea rows={2} maxLength={2000} aria-label={t("appeal.decide.why", { title })} placeholder={t("appeal.decide.why.hint")} value={now.reason} data-testid="decide-why" onInput={(event) => set({ reason: event.currentTarget.value })} />
      )}
    </div>
  );
}
