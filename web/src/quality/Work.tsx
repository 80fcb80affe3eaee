import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import * as api from "./api";
import { aboutOf, Blank, callerOf, Chips, MoodMark, Read, ReasonMark, ScoreMark, When } from "./bits";
import type { Reason, Work } from "./model";
import { PersonSelect } from "./people";
import { useReading } from "./reading";
import { go, href } from "./route";
import { act, who } from "./store";
import { t } from "./words";

const VIEWS = ["open", "mine", "done"] as const;
const REASONS: readonly Reason[] = ["low_score", "bad_mood", "complaint", "random"];

/** What is to be judged, the fairest first. */
export function WorkList(): JSX.Element {
  const view = useSignal<(typeof VIEWS)[number]>("open");
  const agent = useSignal("");
  const reason = useSignal("");
  const query = { view: view.value, agent: agent.value, reason: reason.value, limit: 50 };
  const list = useReading(JSON.stringify(query), () => api.work(query));
  const rows = list.value?.work ?? [];
  const counts = list.value?.counts;
  const take = async (one: Work): Promise<void> => {
    const review = await act(api.take(one.contact_id), "");
    if (review === null) list.again();
    else go("review", review.id);
  };
  const skip = async (one: Work): Promise<void> => {
    if ((await act(api.skip(one.contact_id, ""), t("work.skipped"))) !== null) list.again();
  };
  const release = async (one: Work): Promise<void> => {
    if ((await act(api.release(one.contact_id), t("work.released"))) !== null) list.again();
  };
  const problems = useReading("cards", api.cards).value?.problems ?? 0;
  const first = rows.find((one) => one.state === "open");
  return (
    <main class="page" data-testid="work">
      <header class="head">
        <h1>{t("work.title")}</h1>
        {counts !== undefined && <p class="calm" data-testid="work-counts">{t("work.counts", { open: counts.open, mine: counts.mine, done: counts.done_week })}</p>}
        <span class="spread" />
        <button type="button" class="primary" disabled={first === undefined || view.value !== "open"} data-testid="work-next" onClick={() => first !== undefined && void take(first)}>
          {t("work.next")}
        </button>
      </header>
      {problems > 0 && (
        <p class="attention" role="status" data-testid="card-problems"><span class="shape attention" aria-hidden="true" /> {t("card.problems", { n: problems })}</p>
      )}
      <div class="filters">
        <Chips label={t("work.view")} names={VIEWS} chosen={view.value} words={(name) => t(`work.view.${name}`)} choose={(name) => (view.value = name)} />
        <PersonSelect label={t("quality.agent")} all={t("quality.agents.all")} of="agents" value={agent.value} choose={(id) => (agent.value = id)} />
        <select aria-label={t("work.reason")} data-testid="work-reason" value={reason.value} onChange={(event) => (reason.value = event.currentTarget.value)}>
          <option value="">{t("work.reason.all")}</option>
          {REASONS.map((name) => <option key={name} value={name}>{t(`reason.${name}`)}</option>)}
        </select>
      </div>
      <Read of={list} empty={rows.length === 0 ? <Blank>{t(`work.none.${view.value}`)}</Blank> : undefined}>
        <Rows rows={rows} take={take} skip={skip} release={release} />
      </Read>
    </main>
  );
}

interface Doing {
  rows: Work[];
  take(one: Work): Promise<void>;
  skip(one: Work): Promise<void>;
  release(one: Work): Promise<void>;
}

function Rows({ rows, take, skip, release }: Doing): JSX.Element {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">{t("work.why")}</th>
          <th scope="col">{t("quality.agent")}</th>
          <th scope="col">{t("quality.call")}</th>
          <th scope="col">{t("quality.mood_end")}</th>
          <th scope="col" class="number">{t("trend.automatic")}</th>
          <th scope="col"><span class="unseen">{t("quality.do")}</span></th>
        </tr>
      </thead>
      <tbody>
        {rows.map((one) => (
          <tr key={one.contact_id} data-testid="work-row" data-contact={one.contact_id}>
            <td><ReasonMark reason={one.reason} /></td>
            <td>{one.contact?.agent_name || one.contact?.agent_id}</td>
            <th scope="row">
              <a href={href("contact", one.contact_id)}>{callerOf(one.contact)}</a>
              <span class="sub"><When at={one.contact?.started_at ?? null} /> {aboutOf(one.contact)}</span>
            </th>
            <td><MoodMark mood={one.contact?.mood ?? ""} /></td>
            <td class="number"><ScoreMark score={one.automatic} /></td>
            <td class="do">{one.state === "open" ? <Open one={one} take={take} skip={skip} /> : <Taken one={one} release={release} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Open({ one, take, skip }: { one: Work } & Pick<Doing, "take" | "skip">): JSX.Element {
  return (
    <>
      <button type="button" class="plain" title={t("work.skip.hint")} data-testid="work-skip" onClick={() => void skip(one)}>{t("work.skip")}</button>
      <button type="button" data-testid="work-take" onClick={() => void take(one)}>{t("work.take")}</button>
    </>
  );
}

function Taken({ one, release }: { one: Work } & Pick<Doing, "release">): JSX.Element {
  if (one.state === "skipped") return <span class="calm">{t("work.was_skipped")}</span>;
  return (
    <>
      {one.assignee_name !== "" && <span class="calm">{one.assignee_name}</span>}
      {one.state === "taken" && one.assignee === who.value.id && (
        <button type="button" class="plain" data-testid="work-release" onClick={() => void release(one)}>{t("work.release")}</button>
      )}
      {one.review_id !== null && <a class="button" href={href("review", one.review_id)} data-testid="work-open">{t(one.state === "done" ? "work.look" : "work.go_on")}</a>}
    </>
  );
}
