import type { JSX } from "preact";
import * as api from "./api";
import { aboutOf, callerOf, Read } from "./bits";
import type { Calibration, Question, Spread } from "./model";
import { useReading } from "./reading";
import { go, href, route } from "./route";
import { percent, points, questionsOf, valueWords } from "./score";
import { act, who } from "./store";
import { t, textOf, when } from "./words";

/** One calibration: who has judged; once it is closed, where they differ. */
export function CalibrationPage(): JSX.Element {
  const { id } = route.value;
  const reading = useReading(id, () => api.calibration(id));
  const one = reading.value;
  const join = async (): Promise<void> => {
    const review = await act(api.join(id), "");
    if (review !== null) go("review", review.id);
  };
  const close = async (): Promise<void> => {
    const done = await act(api.close(id), t("calibration.closed"));
    if (done !== null) reading.put(done);
  };
  return (
    <main class="page" data-testid="calibration" data-state={one?.state ?? ""}>
      <Read of={reading}>
        {one !== null && (
          <>
            <header class="head">
              <h1>{one.title || callerOf(one.contact)}</h1>
              <p class="calm">{[textOf(one.card_body.title), one.contact?.agent_name, aboutOf(one.contact), when(one.created_at)].filter(Boolean).join(" · ")}</p>
            </header>
            <Who one={one} join={join} close={close} />
            {one.result !== null && <Result one={one} />}
          </>
        )}
      </Read>
    </main>
  );
}

const STATES = { invited: "", draft: "waiting", handed_in: "good" } as const;

function Who({ one, join, close }: { one: Calibration; join(): Promise<void>; close(): Promise<void> }): JSX.Element {
  const me = one.evaluators.find((each) => each.id === who.value.id);
  const handedIn = one.evaluators.filter((each) => each.state === "handed_in").length;
  const closes = one.state === "open" && (one.by === who.value.id || who.value.roles.includes("admin"));
  return (
    <section class="block">
      <ul class="evaluators">
        {one.evaluators.map((each) => (
          <li key={each.id} data-testid={`evaluator-${each.id}`} data-state={each.state}>
            <span class={`shape ${STATES[each.state]}`} aria-hidden="true" />
            {each.review_id !== null && each.state === "handed_in" ? <a href={href("review", each.review_id)}>{each.name || each.id}</a> : each.name || each.id}
            {one.reference === each.id && <span class="tag">{t("calibration.reference")}</span>}
            <span class="sub">{t(`calibration.evaluator.${each.state}`)}</span>
          </li>
        ))}
      </ul>
      <div class="row">
        {me !== undefined && me.state !== "handed_in" && one.state === "open" && (
          <button type="button" class="primary" data-testid="join" onClick={() => void join()}>{t(me.state === "invited" ? "calibration.join" : "work.go_on")}</button>
        )}
        {closes && <button type="button" disabled={handedIn < 2} data-testid="close" onClick={() => void close()}>{t("calibration.close")}</button>}
        {one.state === "open" && <p class="sub">{t(handedIn < 2 ? "calibration.needs_two" : "calibration.blind")}</p>}
      </div>
    </section>
  );
}

/** Question by question, the widest apart first. */
function Result({ one }: { one: Calibration }): JSX.Element {
  const { result } = one;
  const questions = new Map(questionsOf(one.card_body).map((question) => [question.name, question]));
  const people = one.evaluators.filter((each) => each.state === "handed_in");
  if (result === null) return <></>;
  return (
    <section class="block" data-testid="calibration-result">
      <h2>{t("calibration.result", { points: points(result.spread) })}</h2>
      <div class="scroll" tabIndex={0} role="group" aria-label={t("calibration.result", { points: points(result.spread) })}>
        <table class="rows wide">
          <thead>
            <tr>
              <th scope="col">{t("card.question")}</th>
              {people.map((each) => <th key={each.id} scope="col">{each.name || each.id} {one.reference === each.id && <span class="sub">{t("calibration.reference")}</span>}</th>)}
              <th scope="col" class="number">{t("calibration.agreement")}</th>
            </tr>
          </thead>
          <tbody>
            <tr class="whole">
              <th scope="row">{t("quality.score")}</th>
              {people.map((each) => <td key={each.id} class="figures"><b>{points(result.scores[each.id])}</b></td>)}
              <td class="number figures">{t("calibration.result", { points: points(result.spread) })}</td>
            </tr>
            {result.questions.map((spread) => <SpreadRow key={spread.name} spread={spread} question={questions.get(spread.name)} people={people.map((each) => each.id)} reference={one.reference} />)}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function SpreadRow({ spread, question, people, reference }: { spread: Spread; question: Question | undefined; people: string[]; reference: string }): JSX.Element {
  const title = textOf(question?.title) || spread.name;
  return (
    <tr data-testid={`spread-${spread.name}`} data-spread={spread.spread}>
      <th scope="row">{title}</th>
      {people.map((id) => {
        const value = spread.values[id] ?? null;
        const off = reference !== "" && id !== reference ? (spread.off[id] ?? 0) : 0;
        return (
          <td key={id}>
            {question === undefined ? String(value) : valueWords(question, value)}
            {off !== 0 && <span class="sub figures off"><span class="shape attention" aria-hidden="true" /> {off > 0 ? "+" : "−"}{percent(Math.abs(off))}</span>}
          </td>
        );
      })}
      <td class="number figures">{spread.agreement < 1 && <span class={`shape ${spread.agreement < 0.6 ? "attention" : "waiting"}`} aria-hidden="true" />} {percent(spread.agreement)}</td>
    </tr>
  );
}
