import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import * as api from "./api";
import { Blank, callerOf, Chips, More, Read, When } from "./bits";
import { PersonSelect } from "./people";
import { usePages } from "./reading";
import { href } from "./route";
import { points } from "./score";
import { who } from "./store";
import { t } from "./words";

const STATES = ["open", "decided"] as const;

/** What agents said against their reviews. */
export function Appeals(): JSX.Element {
  const state = useSignal<(typeof STATES)[number]>("open");
  const agent = useSignal("");
  const query = { state: state.value, agent: agent.value, limit: 50 };
  const list = usePages(JSON.stringify(query), async (before) => {
    const found = await api.appeals({ ...query, before });
    return { rows: found.appeals, next: found.next };
  });
  const rows = list.value?.rows ?? [];
  return (
    <main class="page" data-testid="appeals">
      <header class="head">
        <h1>{t("place.quality.appeals")}</h1>
        <p class="calm">{t("appeal.what")}</p>
      </header>
      <div class="filters">
        <Chips label={t("appeal.state")} names={STATES} chosen={state.value} words={(name) => t(`appeal.state.${name}`)} choose={(name) => (state.value = name)} />
        <PersonSelect label={t("quality.agent")} all={t("quality.agents.all")} of="agents" value={agent.value} choose={(id) => (agent.value = id)} />
      </div>
      <Read of={list} empty={rows.length === 0 ? <Blank>{t(`appeal.none.${state.value}`)}</Blank> : undefined}>
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">{t("quality.agent")}</th>
              <th scope="col">{t("appeal.against")}</th>
              <th scope="col">{t("quality.evaluator")}</th>
              <th scope="col" class="number">{t("quality.score")}</th>
              <th scope="col"><span class="unseen">{t("quality.do")}</span></th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ appeal, review }) => (
              <tr key={appeal.id} data-testid="appeal-row">
                <th scope="row">
                  <a href={href("review", review.id)}>{appeal.agent_name || appeal.agent_id}</a>
                  <span class="sub"><When at={appeal.opened_at} /> {callerOf(review.contact)}</span>
                </th>
                <td>{t("appeal.questions", { n: Object.keys(appeal.reasons).length })} <span class="sub">{Object.values(appeal.reasons)[0] ?? ""}</span></td>
                <td>{review.evaluator_name || review.evaluator}</td>
                <td class="number figures">{appeal.state === "decided" ? `${points(appeal.score_before)} → ${points(appeal.score_after)}` : points(appeal.score_before ?? review.score.score)}</td>
                <td class="do">
                  {appeal.state === "open" && review.evaluator === who.value.id ? <span class="calm">{t("appeal.not_you")}</span> : <a class="button" href={href("review", review.id)}>{t(appeal.state === "open" ? "appeal.decide" : "work.look")}</a>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <More next={list.value?.next} more={list.more} />
      </Read>
    </main>
  );
}
