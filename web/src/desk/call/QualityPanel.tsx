import type { JSX } from "preact";
import { t as base } from "../../i18n";
import type { Figures } from "../../media/quality";
import { Meter } from "../../ui/Meter";
import { microphone, phone } from "../store";
import { Panel } from "./Panel";
import { t } from "./words";

/** Above these a person hears it: percent, milliseconds (G.114 for the way there and back). */
const MUCH_LOSS = 1;
const MUCH_JITTER = 20;
const LONG_WAY = 300;

/** What the line is like in figures, and what helps. */
export function QualityPanel(): JSX.Element {
  const figures = phone.figures.value;
  return (
    <Panel title={t("line.quality.title")} name="quality">
      <dl class="line-figures" data-testid="quality-figures">
        <Figure name={t("line.quality.loss")} value={percent(figures?.loss)} bad={(figures?.loss ?? 0) > MUCH_LOSS} />
        <Figure name={t("line.quality.loss_there")} value={percent(figures?.lossThere)} bad={(figures?.lossThere ?? 0) > MUCH_LOSS} />
        <Figure name={t("line.quality.jitter")} value={ms(figures?.jitter)} bad={(figures?.jitter ?? 0) > MUCH_JITTER} />
        <Figure name={t("line.quality.round_trip")} value={ms(figures?.roundTrip)} bad={(figures?.roundTrip ?? 0) > LONG_WAY} />
        <Figure name={t("line.quality.codec")} value={figures?.codec || t("line.quality.not_yet")} bad={false} />
      </dl>
      <div class="line-row">
        <span class="sub">{t("line.quality.mic")}</span>
        <Meter stream={microphone.stream.value} />
      </div>
      <p class="hint" data-testid="quality-cure">{cure(figures)}</p>
    </Panel>
  );
}

function Figure({ name, value, bad }: { name: string; value: string; bad: boolean }): JSX.Element {
  return (
    <div class={bad ? "attention" : ""}>
      <dt>
        {bad && <span class="shape attention" aria-hidden="true" />} {name}
      </dt>
      <dd class="figures">{value}</dd>
    </div>
  );
}

function cure(figures: Figures | null): string {
  if (phone.quality.value === "silent") return t("line.quality.cure.silent");
  if (figures === null) return base("quality.unknown");
  if (figures.loss > MUCH_LOSS || (figures.lossThere ?? 0) > MUCH_LOSS || figures.jitter > MUCH_JITTER) return t("line.quality.cure.loss");
  return t((figures.roundTrip ?? 0) > LONG_WAY ? "line.quality.cure.far" : "line.quality.cure.good");
}

function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? t("line.quality.not_yet") : t("line.quality.percent", { n: value.toFixed(1) });
}

function ms(value: number | null | undefined): string {
  return value === null || value === undefined ? t("line.quality.not_yet") : t("line.quality.ms", { n: Math.round(value) });
}
