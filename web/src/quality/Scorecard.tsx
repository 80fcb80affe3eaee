import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { ScoreMark, StateTag } from "./bits";
import { Draft } from "./draft";
import type { Question, Review, Section } from "./model";
import { QuestionEdit, QuestionRead } from "./Question";
import { go, onLeaving } from "./route";
import { percent, sectionShare } from "./score";
import { act } from "./store";
import { t, textOf } from "./words";

interface Props {
  review: Review;
  changed(review: Review): void;
}

/** A card being filled in; kept as it is written. */
export function CardEdit({ review, changed }: Props): JSX.Element {
  const [draft] = useState(() => new Draft(review, { save: (body, leaving) => api.save(review.id, body, leaving), load: () => api.review(review.id), storage: sessionStorage }));
  useEffect(() => {
    const off = onLeaving(() => draft.leave());
    return () => {
      off();
      draft.close();
    };
  }, [draft]);
  useEffect(() => {
    if (draft.kept.value === "over") void api.review(review.id).then(changed, () => undefined);
  }, [draft.kept.value]);
  return (
    <section class="side-part scorecard" aria-label={textOf(review.card_title)} data-testid="scorecard" data-state="draft">
      <div class="card-top">
        <header class="card-head">
          <h2>{textOf(review.card_title) || review.card}</h2>
          <ScoreMark score={draft.score.value} large />
        </header>
        <Progress draft={draft} />
      </div>
      {review.card_body.sections.map((section) => (
        <SectionPart key={section.name} section={section} share={sectionShare(section, draft.answers.value)}>
          {section.questions.map((question) => (
            <QuestionEdit key={question.name} question={question} answer={draft.answer(question.name)} change={(change) => draft.change(question.name, change)} />
          ))}
        </SectionPart>
      ))}
      <label class="field">
        <span>{t("card.whole")}</span>
        <textarea rows={3} maxLength={4000} value={draft.comment.value} placeholder={t("card.whole.hint")} data-testid="whole-comment" onInput={(event) => draft.say(event.currentTarget.value)} />
      </label>
      <Publish review={review} draft={draft} changed={changed} />
    </section>
  );
}

/** How far one is, and whether it is kept. */
function Progress({ draft }: { draft: Draft }): JSX.Element {
  const score = draft.score.value;
  return (
    <p class="row small calm">
      <span class="bar" aria-hidden="true"><svg viewBox="0 0 100 4" preserveAspectRatio="none"><rect width={Math.round(score.covered * 100)} height="4" /></svg></span>
      <span>{score.open.length === 0 ? t("card.complete") : t("card.open", { n: score.open.length })}</span>
      <span class="spread" />
      <span role="status" class={draft.kept.value === "offline" || draft.kept.value === "refused" ? "attention" : ""} data-testid="kept" data-kept={draft.kept.value}>
        {t(`kept.${draft.kept.value}`)}
      </span>
    </p>
  );
}

function SectionPart({ section, share, children }: { section: Section; share: number | null; children: ComponentChildren }): JSX.Element {
  return (
    <section class="card-section">
      <h3>
        {textOf(section.title) || section.name}
        <span class="figures">{percent(share)}</span>
      </h3>
      <ul>{children}</ul>
    </section>
  );
}

function Publish({ review, draft, changed }: Props & { draft: Draft }): JSX.Element {
  const busy = useSignal(false);
  const score = draft.score.value;
  const publish = async (): Promise<void> => {
    busy.value = true;
    if (await draft.flush()) {
      const done = await act(api.publish(review.id, draft.number), t(review.calibration === "" ? "review.published" : "calibration.handed_in"));
      if (done !== null) changed(done);
    }
    busy.value = false;
  };
  const discard = async (): Promise<void> => {
    if (!confirm(t("review.discard.sure"))) return;
    if ((await act(api.discard(review.id), t("review.discarded"))) === null) return;
    draft.drop();
    go("contact", review.contact_id);
  };
  const open = score.open.map((name) => titleOf(review, name)).slice(0, 3);
  return (
    <footer class="card-foot">
      {open.length > 0 && <p class="sub" data-testid="still-open">{t("card.still_open", { titles: open.join(t("list.comma")) })}</p>}
      <div class="row">
        <button type="button" class="primary" disabled={busy.value || score.open.length > 0} data-testid="publish" onClick={() => void publish()}>
          {t(review.calibration === "" ? "review.publish" : "calibration.hand_in")}
        </button>
        {review.may.drop && <button type="button" class="plain" data-testid="discard" onClick={() => void discard()}>{t("review.discard")}</button>}
      </div>
      {review.calibration === "" && <p class="sub">{t("review.publish.hint", { name: review.agent_name || review.agent_id })}</p>}
    </footer>
  );
}

function titleOf(review: Review, name: string): string {
  const found = review.card_body.sections.flatMap((one) => one.questions).find((one) => one.name === name);
  return textOf(found?.title) || name;
}

/** A card as it stands; `beside` is drawn under a question. */
export function CardRead({ review, beside, children }: { review: Review; beside?: (question: Question) => ComponentChildren; children?: ComponentChildren }): JSX.Element {
  return (
    <section class="side-part scorecard" aria-label={textOf(review.card_title)} data-testid="scorecard" data-state={review.state}>
      <header class="card-head">
        <div>
          <h2>{textOf(review.card_title) || review.card}</h2>
          <p class="row small calm">
            <StateTag row={review} />
            {review.evaluator !== "automatic" && <span>{t("review.by", { name: review.evaluator_name || review.evaluator })}</span>}
          </p>
        </div>
        <ScoreMark score={review.score} large />
      </header>
      {review.comment !== "" && <p class="said">{review.comment}</p>}
      {review.card_body.sections.map((section) => (
        <SectionPart key={section.name} section={section} share={sectionShare(section, review.answers)}>
          {section.questions.map((question) => (
            <QuestionRead key={question.name} question={question} answer={review.answers[question.name]}>
              {beside?.(question)}
            </QuestionRead>
          ))}
        </SectionPart>
      ))}
      {children}
    </section>
  );
}
