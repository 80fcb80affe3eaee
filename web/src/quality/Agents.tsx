import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import * as api from "./api";
import { Blank, Chips, Read, When } from "./bits";
import type { AgentFigures } from "./model";
import { CardSelect, PersonSelect, useCards } from "./people";
import { useReading } from "./reading";
import { go, route } from "./route";
import { points } from "./score";
import { Breakdown, Trend } from "./Trend";
import { t, textOf } from "./words";

const SPANS = ["7", "30", "90"] as const;
const BY = ["people", "automatic"] as const;
const DAY = 86_400;

/** How agents do over time, and at which questions. */
export function AgentsPage(): JSX.Element {
  const span = useSignal<(typeof SPANS)[number]>("30");
  const by = useSignal<(typeof BY)[number]>("people");
  const card = useSignal("");
  const agent = route.value.query.get("agent") ?? "";
  const all = useCards();
  // Whole hours: the same question within one has the same answer.
  const from = Math.floor(Date.now() / 3_600_000) * 3600 - Number(span.value) * DAY;
  const chosen = card.value || all[0]?.name || "";
  const query = { from, agent, evaluator: by.value, step: span.value === "90" ? "week" : "day" };
  const figures = useReading(`${from}`, () => api.agents({ from }));
  const trend = useReading(JSON.stringify([query, card.value]), () => api.trend({ ...query, card: card.value }));
  const questions = useReading(JSON.stringify([query, chosen]), () => (chosen === "" ? Promise.resolve(null) : api.questions({ ...query, card: chosen })));
  return (
    <main class="page" data-testid="agents">
      <header class="head"><h1>{t("place.quality.agents")}</h1></header>
      <div class="filters">
        <Chips label={t("trend.span")} names={SPANS} chosen={span.value} words={(days) => t("trend.days", { n: days })} choose={(days) => (span.value = days)} />
        <Chips label={t("trend.by")} names={BY} chosen={by.value} words={(name) => t(`trend.by.${name}`)} choose={(name) => (by.value = name)} />
        <PersonSelect label={t("quality.agent")} all={t("quality.agents.all")} of="agents" value={agent} choose={(id) => go("agents", "", { agent: id })} />
        <CardSelect label={t("card.which")} all={t("card.all")} value={card.value} choose={(name) => (card.value = name)} />
      </div>
      <section class="block">
        <h2>{t("trend.title")}</h2>
        <Read of={trend}><Trend points={trend.value?.points ?? []} pass={passOf(all, card.value)} /></Read>
      </section>
      <section class="block">
        <h2>{t("trend.questions")} <span class="sub">{textOf(all.find((one) => one.name === chosen)?.title)}</span></h2>
        {questions.value === null ? <Blank>{t("trend.none")}</Blank> : <Breakdown {...questions.value} />}
      </section>
      <section class="block">
        <h2>{t("quality.agents")}</h2>
        <Read of={figures} empty={figures.value?.agents.length === 0 ? <Blank>{t("trend.none")}</Blank> : undefined}>
          <Table rows={figures.value?.agents ?? []} chosen={agent} by={by.value} />
        </Read>
      </section>
    </main>
  );
}

/** The score that is to be reached, where it is one. */
function passOf(cards: readonly { name: string; pass: number }[], chosen: string): number | null {
  const found = new Set(cards.filter((one) => chosen === "" || one.name === chosen).map((one) => one.pass));
  return found.size === 1 ? ([...found][0] ?? null) : null;
}

function Table({ rows, chosen, by }: { rows: AgentFigures[]; chosen: string; by: "people" | "automatic" }): JSX.Element {
  const scoreOf = (one: AgentFigures): number | null => (by === "people" ? one.score : one.automatic_score);
  const sorted = [...rows].sort((a, b) => (scoreOf(a) ?? 101) - (scoreOf(b) ?? 101));
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("quality.agents")}>
      <table class="rows wide">
        <thead>
          <tr>
            <th scope="col">{t("quality.agent")}</th>
            <th scope="col" class="number">{t("trend.mean")}</th>
            <th scope="col" class="number">{t("trend.reviews")}</th>
            <th scope="col" class="number">{t("trend.automatic")}</th>
            <th scope="col" class="number">{t("trend.fatal")}</th>
            <th scope="col" class="number">{t("place.quality.appeals")}</th>
            <th scope="col" class="number">{t("trend.coaching")}</th>
            <th scope="col">{t("trend.last")}</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((one) => (
            <tr key={one.agent_id} data-testid={`agent-${one.agent_id}`} aria-current={one.agent_id === chosen}>
              <th scope="row"><button type="button" class="link" onClick={() => go("agents", "", { agent: one.agent_id })}>{one.agent_name || one.agent_id}</button></th>
              <td class="number figures"><b>{points(one.score)}</b></td>
              <td class="number figures">{one.reviews}</td>
              <td class="number figures">{points(one.automatic_score)} <span class="sub">({one.automatic_reviews})</span></td>
              <td class="number figures">{one.fatal}</td>
              <td class="number figures">{one.appeals === 0 ? "0" : t("trend.granted", { n: one.appeals, granted: one.granted })}</td>
              <td class="number figures">{one.coaching_open}</td>
              <td><When at={one.last_at} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
