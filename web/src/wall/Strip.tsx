import type { JSX } from "preact";
import { language, length } from "../i18n";
import { age, change, longestSince, shown, waitingIn } from "./figures";
import { Spark } from "./bits";
import type { Unit } from "./model";
import { card, formulaOf, now, part, points, queueOf, scope, tv } from "./store";
import { t } from "./words";

/** What the top line shows, the most urgent first. */
export const TOP = ["service_level", "asa", "abandonment", "aht", "occupancy", "containment", "csat", "fcr", "mood_level", "confidence"];

/** The day at a glance: what waits now, then each figure with its day and last week's. */
export function Strip(): JSX.Element {
  return (
    <section class="strip" aria-label={t("wall.strip")} data-testid="strip">
      <Waiting />
      {TOP.map((name) => <Figure key={name} name={name} />)}
    </section>
  );
}

function Waiting(): JSX.Element {
  const queues = part.queues.value;
  const since = longestSince(queues, scope.value);
  const waits = since === null ? 0 : Math.max(0, now.value - since);
  const within = queueOf(scope.value)?.within ?? Math.min(...queues.map((one) => one.within), 60);
  const kind = since === null ? "good" : age(waits, within);
  const { talking, bot } = part.figures.value.now;
  return (
    <div class={`figure now ${kind}`} data-testid="figure-waiting">
      <span class="name">{t("wall.waiting")}</span>
      <span class="value figures">
        <span class={`shape ${kind}`} aria-hidden="true" />
        {waitingIn(queues, scope.value)}
      </span>
      <span class="under figures">
        {since === null ? t("wall.nobody_waits") : t("wall.longest", { time: length(waits) })}
      </span>
      <span class="under figures">{t("wall.busy", { talking: talking ?? 0, bot: bot ?? 0 })}</span>
    </div>
  );
}

function Figure({ name }: { name: string }): JSX.Element | null {
  const formula = formulaOf(name);
  if (formula === undefined) return null;
  const { today, usual } = part.figures.value;
  const [value, before] = [today[scope.value]?.[name], usual[scope.value]?.[name]];
  const differs = change(name, formula.unit, value, before);
  const inside = (
    <>
      <span class="name"><Label name={name} /></span>
      <span class="value figures" data-testid={`value-${name}`}>{shown(value, formula.unit)}</span>
      <span class={`under figures ${differs?.kind ?? "calm"}`}>
        {differs === null ? same(value, before, formula.unit) : `${differs.up ? "▲" : "▼"} ${differs.words}${formula.unit === "share" ? t("wall.points") : ""}`}
      </span>
      <Spark name={name} today={points.value.today} before={points.value.before} />
    </>
  );
  if (tv.value) return <div class="figure">{inside}</div>;
  return (
    <button type="button" class="figure" title={t("wall.explain")} data-testid={`figure-${name}`} onClick={() => (card.value = { kind: "figure", id: name })}>
      {inside}
    </button>
  );
}

/** Where nothing differs: as it was, or one of the two is not known. */
function same(value: number | null | undefined, before: number | null | undefined, unit: Unit): string {
  if (before == null) return t("wall.no_week");
  return value == null ? t("wall.week_was", { value: shown(before, unit) }) : t("wall.as_usual");
}

/** What a figure is called, in the language of the page. */
export function Label({ name }: { name: string }): JSX.Element {
  return <>{labelOf(name)}</>;
}

export function labelOf(name: string): string {
  const formula = formulaOf(name);
  return formula === undefined ? name.replaceAll("_", " ") : formula[language.value].label;
}
