import type { JSX } from "preact";
import { language } from "../i18n";
import { Spark } from "./bits";
import { change, shown } from "./figures";
import { metric } from "./Charts";
import { Facts, Panel } from "./Panel";
import { card, formulaOf, points, scope, wall } from "./store";
import { labelOf } from "./Strip";
import { t } from "./words";

/** What a number is, how it is computed, and how it stands. */
export function FigureCard({ name }: { name: string }): JSX.Element {
  const formula = formulaOf(name);
  const unit = formula?.unit ?? "count";
  const words = formula?.[language.value];
  const { today, usual } = wall.value.figures;
  const [value, before] = [today[scope.value]?.[name], usual[scope.value]?.[name]];
  const differs = change(name, unit, value, before);
  const show = (): void => {
    metric.value = name;
    card.value = null;
    setTimeout(() => document.getElementById("charts-title")?.scrollIntoView({ block: "start", behavior: "smooth" }));
  };
  return (
    <Panel id="card-figure" title={labelOf(name)}>
      <p class="formula" data-testid="formula">{words?.formula ?? t("wall.no_formula")}</p>
      {words !== undefined && words.note !== "" && <p class="hint">{words.note}</p>}
      <Facts
        rows={[
          [t("wall.of"), scope.value || t("wall.all_queues")],
          [t("wall.today"), <b class="figures" key="today">{shown(value, unit)}</b>],
          [t("wall.last_week"), <span class="figures" key="week">{shown(before, unit)}{differs !== null && <span class={differs.kind}> ({differs.words}{unit === "share" ? t("wall.points") : ""})</span>}</span>],
        ]}
      />
      <Spark name={name} today={points.value.today} before={points.value.before} />
      <p><button type="button" onClick={show} data-testid="figure-chart">{t("wall.show_chart")}</button></p>
    </Panel>
  );
}
