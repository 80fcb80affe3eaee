import { signal, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { language } from "../i18n";
import { theme } from "../ui/theme";
import * as api from "./api";
import { shown, withNews } from "./figures";
import type { Point, Unit } from "./model";
import type { Plot } from "./plot";
import { formulaOf, formulas, part, scope, tv } from "./store";
import { labelOf } from "./Strip";
import { t } from "./words";

const METRICS = ["service_level", "asa", "abandonment", "aht", "occupancy", "containment", "mood_level", "csat", "confidence", "offered", "answered", "abandoned", "outbound", "reached"];
export const metric = signal("service_level");
const day = signal("");
const weeks = signal(1);
const step = signal(900);

/** A figure over the day, with the same day of an earlier week behind it; any day of the past. */
export function Charts(): JSX.Element {
  const read = useSignal<{ today: Point[]; before: Point[]; key: string } | null>(null);
  const failed = useSignal(false);
  const key = [scope.value, day.value, step.value, weeks.value, part.day.value].join("|");
  useEffect(() => {
    let here = true;
    failed.value = false;
    const { value: queue } = scope;
    api.history(queue, day.value, step.value, weeks.value).then(
      (found) => here && (read.value = { today: found.today as Point[], before: found.before as Point[], key }),
      () => here && (failed.value = true),
    );
    return () => void (here = false);
  }, [key]);
  const live = day.value === "" && step.value === 900;
  const found = read.value;
  const today = found === null ? [] : live ? withNews(found.today, part.points.value, scope.value) : found.today;
  const known = METRICS.filter((name) => formulas.value.has(name));
  const unit = formulaOf(metric.value)?.unit ?? "count";
  const empty = found !== null && ![...today, ...found.before].some((point) => typeof point[metric.value] === "number");
  return (
    <section class="block charts" aria-labelledby="charts-title" data-testid="charts" data-points={today.length}>
      <header class="head">
        <h2 id="charts-title">{t("wall.charts", { name: labelOf(metric.value) })}</h2>
        {!tv.value && <Choices known={known} />}
      </header>
      {failed.value && <p class="attention" role="alert">{t("wall.charts.failed")}</p>}
      {empty && <p class="calm blank" data-testid="charts-none">{t("wall.charts.none")}</p>}
      <Drawing today={today} before={found?.before ?? []} name={metric.value} unit={unit} hidden={empty || found === null} />
      {!tv.value && found !== null && !empty && <Rows today={today} before={found.before} name={metric.value} unit={unit} />}
    </section>
  );
}

function Choices({ known }: { known: string[] }): JSX.Element {
  return (
    <div class="row choices">
      <select aria-label={t("wall.figure")} data-testid="metric" value={metric.value} onChange={(event) => (metric.value = event.currentTarget.value)}>
        {known.map((name) => <option key={name} value={name}>{labelOf(name)}</option>)}
      </select>
      <input
        type="date"
        aria-label={t("wall.day")}
        data-testid="day"
        value={day.value || part.day.value}
        max={part.day.value}
        onChange={(event) => (day.value = event.currentTarget.value === part.day.value ? "" : event.currentTarget.value)}
      />
      <select aria-label={t("wall.compare")} data-testid="weeks" value={weeks.value} onChange={(event) => (weeks.value = Number(event.currentTarget.value))}>
        {[1, 2, 4, 52].map((n) => <option key={n} value={n}>{n === 1 ? t("wall.week_before") : t("wall.weeks_before", { n })}</option>)}
      </select>
      <select aria-label={t("wall.step")} data-testid="step" value={step.value} onChange={(event) => (step.value = Number(event.currentTarget.value))}>
        {[300, 900, 3600].map((n) => <option key={n} value={n}>{t("wall.step_minutes", { n: n / 60 })}</option>)}
      </select>
    </div>
  );
}

interface DrawingProps {
  today: Point[];
  before: Point[];
  name: string;
  unit: Unit;
  hidden: boolean;
}

/** The chart itself; its library comes when there is something to draw. */
function Drawing({ today, before, name, unit, hidden }: DrawingProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const drawn = useSignal(0);
  useEffect(() => {
    if (hidden) return undefined;
    let gone = false;
    void import("./plot").then(({ Plot: Made }) => {
      if (gone || box.current === null) return;
      plot.current ??= new Made(box.current);
      plot.current.draw({ today, before, name, unit, words: { time: t("wall.time"), today: t("wall.today"), before: t("wall.before") } });
      drawn.value += 1;
    });
    return () => void (gone = true);
  }, [today, before, name, unit, hidden, language.value, theme.value, tv.value]);
  useEffect(() => () => plot.current?.close(), []);
  useSignalEffect(() => void theme.value);
  return <div ref={box} class="plot" hidden={hidden} role="img" aria-label={t("wall.charts.label", { name: labelOf(name) })} data-testid="plot" data-drawn={drawn.value > 0} />;
}

/** The same as rows, for whoever cannot see the lines. */
function Rows({ today, before, name, unit }: Omit<DrawingProps, "hidden">): JSX.Element {
  const then = new Map(before.map((point) => [point.second, point[name]]));
  const seconds = [...new Set([...today, ...before].map((point) => point.second))].sort((a, b) => a - b);
  const now = new Map(today.map((point) => [point.second, point[name]]));
  return (
    <details class="rows">
      <summary>{t("wall.charts.rows")}</summary>
      <div class="scroll" tabIndex={0} role="group" aria-label={t("wall.charts.rows")}>
        <table class="numbers">
          <thead><tr><th scope="col">{t("wall.time")}</th><th scope="col" class="number">{t("wall.today")}</th><th scope="col" class="number">{t("wall.before")}</th></tr></thead>
          <tbody>
            {seconds.map((second) => (
              <tr key={second}>
                <th scope="row" class="figures">{hour(second)}</th>
                <td class="number figures">{shown(now.get(second), unit)}</td>
                <td class="number figures calm">{shown(then.get(second), unit)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function hour(second: number): string {
  return `${String(Math.floor(second / 3600)).padStart(2, "0")}:${String(Math.floor(second / 60) % 60).padStart(2, "0")}`;
}
