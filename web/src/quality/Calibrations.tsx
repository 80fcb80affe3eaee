import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import * as api from "./api";
import { aboutOf, Blank, callerOf, Chips, Read, When } from "./bits";
import { useReading } from "./reading";
import { href } from "./route";
import { points } from "./score";
import { t } from "./words";

const STATES = ["open", "closed"] as const;

/** Whether all measure with the same measure. */
export function Calibrations(): JSX.Element {
  const state = useSignal<(typeof STATES)[number]>("open");
  const list = useReading(state.value, () => api.calibrations({ state: state.value }));
  const rows = list.value?.calibrations ?? [];
  return (
    <main class="page" data-testid="calibrations">
      <header class="head">
        <h1>{t("place.quality.calibrations")}</h1>
        <p class="calm">{t("calibration.what")}</p>
      </header>
      <div class="filters">
        <Chips label={t("calibration.state")} names={STATES} chosen={state.value} words={(name) => t(`calibration.state.${name}`)} choose={(name) => (state.value = name)} />
      </div>
      <Read of={list} empty={rows.length === 0 ? <Blank>{t(`calibration.none.${state.value}`)}</Blank> : undefined}>
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">{t("quality.call")}</th>
              <th scope="col">{t("quality.agent")}</th>
              <th scope="col">{t("calibration.by")}</th>
              <th scope="col">{t("calibration.since")}</th>
              <th scope="col" class="number">{t(state.value === "open" ? "calibration.in" : "calibration.spread")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => (
              <tr key={one.id} data-testid="calibration-row">
                <th scope="row">
                  <a href={href("calibration", one.id)}>{one.title || callerOf(one.contact)}</a>
                  <span class="sub">{aboutOf(one.contact)}</span>
                </th>
                <td>{one.contact?.agent_name}</td>
                <td>{one.by_name || one.by}</td>
                <td><When at={one.created_at} /></td>
                <td class="number figures">{state.value === "open" ? `${one.evaluators.filter((each) => each.state === "handed_in").length} / ${one.evaluators.length}` : points(one.result?.spread)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Read>
    </main>
  );
}
