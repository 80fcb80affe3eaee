import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { day, language } from "../i18n";
import { theme } from "../ui/theme";
import { Blank } from "./bits";
import type { Card, Point, QuestionFigures } from "./model";
import type { Plot } from "./plot";
import { percent, points as shown, questionsOf, valueWords, type Kind } from "./score";
import { t, textOf } from "./words";

interface TrendProps {
  points: readonly Point[];
  pass: number | null;
}

/** Mean scores over time. */
export function Trend({ points, pass }: TrendProps): JSX.Element {
  if (!points.some((one) => one.score !== null)) return <Blank>{t("trend.none")}</Blank>;
  return (
    <>
      <Chart points={points} pass={pass} />
      <details class="numbers">
        <summary>{t("trend.rows")}</summary>
        <div class="scroll" tabIndex={0} role="group" aria-label={t("trend.rows")}>
          <table class="rows">
            <thead><tr><th scope="col">{t("trend.day")}</th><th scope="col" class="number">{t("trend.mean")}</th><th scope="col" class="number">{t("trend.reviews")}</th></tr></thead>
            <tbody>
              {points.filter((one) => one.reviews > 0).map((one) => (
                <tr key={one.at}><th scope="row" class="figures">{day(one.at)}</th><td class="number figures">{shown(one.score)}</td><td class="number figures">{one.reviews}</td></tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

/** The chart lives as long as its box; its library comes when there is something to draw. */
function Chart({ points, pass }: TrendProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  useEffect(() => {
    let gone = false;
    void import("./plot").then(({ Plot: Made }) => {
      if (gone || box.current === null) return;
      plot.current ??= new Made(box.current);
      plot.current.draw({ points, pass, words: { time: t("trend.day"), score: t("trend.mean"), pass: t("trend.pass"), reviews: t("trend.reviews") } });
      box.current.dataset["drawn"] = "true";
    });
    return () => void (gone = true);
  }, [points, pass, language.value, theme.value]);
  useEffect(() => () => plot.current?.close(), []);
  return <div ref={box} class="plot" role="img" aria-label={t("trend.label")} data-testid="plot" />;
}

function kindOf(mean: number): Kind {
  return mean >= 0.8 ? "good" : mean >= 0.6 ? "waiting" : "attention";
}

/** How each question of a card was answered, the weakest first. */
export function Breakdown({ card, questions }: { card: Card; questions: readonly QuestionFigures[] }): JSX.Element {
  const known = new Map(questionsOf(card).map((one) => [one.name, one]));
  const rows = questions.filter((one) => one.answered > 0 && known.has(one.name)).sort((a, b) => (a.mean ?? 2) - (b.mean ?? 2));
  if (rows.length === 0) return <Blank>{t("trend.none")}</Blank>;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("trend.questions")}>
    <table class="rows" data-testid="breakdown">
      <thead>
        <tr>
          <th scope="col">{t("card.question")}</th>
          <th scope="col">{t("trend.reached")}</th>
          <th scope="col">{t("trend.answers")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((one) => {
          const question = known.get(one.name);
          const mean = one.mean ?? 0;
          const values = Object.entries(one.values).map(([value, count]) => `${question === undefined || /^\d$/.test(value) ? value : valueWords(question, value)} ×${count}`);
          return (
            <tr key={one.name} data-testid={`breakdown-${one.name}`}>
              <th scope="row">{textOf(question?.title) || one.name}{question?.fatal && one.failed > 0 && <span class="tag danger">{t("trend.failed", { n: one.failed })}</span>}</th>
              <td class="reached">
                <span class={`bar ${kindOf(mean)}`} aria-hidden="true"><svg viewBox="0 0 100 4" preserveAspectRatio="none"><rect width={Math.round(mean * 100)} height="4" /></svg></span>
                <span class="figures">{percent(one.mean)}</span>
              </td>
              <td class="sub">{values.join(" · ")}{one.not_applicable > 0 && ` · ${t("value.na")} ×${one.not_applicable}`}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
    </div>
  );
}
