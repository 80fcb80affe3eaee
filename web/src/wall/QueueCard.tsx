import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { length } from "../i18n";
import * as api from "./api";
import { Since } from "./bits";
import { shown, waitingCalls } from "./figures";
import { Panel } from "./Panel";
import { callerOf, card, doneBy, formulas, now, order, orders, queueOf, wall } from "./store";
import { labelOf } from "./Strip";
import { t } from "./words";

const SHOWN = ["offered", "answered", "abandoned", "overflowed", "callbacks", "service_level", "asa", "longest_wait", "aht", "abandonment", "occupancy", "csat", "fcr", "mood_level", "outbound", "reached"];
const HOURS = [0, 1, 2, 4, 8];

/** One queue: its day beside last week's, who waits, and closing it for now. */
export function QueueCard({ name }: { name: string }): JSX.Element {
  const queue = queueOf(name);
  const calls = waitingCalls(wall.value.calls, name);
  const [today, usual] = [wall.value.figures.today[name] ?? {}, wall.value.figures.usual[name] ?? {}];
  return (
    <Panel id="card-queue" title={name}>
      {queue !== undefined && (
        <p class="lead">
          <b>{t("wall.waiting_n", { n: queue.waiting })}</b>
          {queue.longest_since !== null && <span>{t("wall.longest", { time: length(now.value - queue.longest_since) })}</span>}
          <span class="calm">{t("wall.talking_n", { n: queue.talking })}</span>
        </p>
      )}
      {calls.length > 0 && (
        <ul class="call-lines">
          {calls.slice(0, 20).map((call) => (
            <li key={call.id}>
              <button type="button" class="call-line" onClick={() => (card.value = { kind: "call", id: call.id })}>
                <b class="who">{callerOf(call)}</b>
                <span class="calm about">{call.label || call.intent}</span>
                <span class="spread" />
                <Since at={call.queued_at ?? call.started_at} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <Drain name={name} />
      <table class="numbers">
        <thead>
          <tr><th scope="col">{t("wall.figure")}</th><th scope="col" class="number">{t("wall.today")}</th><th scope="col" class="number">{t("wall.last_week")}</th></tr>
        </thead>
        <tbody>
          {SHOWN.filter((one) => formulas.value.has(one)).map((one) => (
            <tr key={one}>
              <th scope="row"><button type="button" class="link" onClick={() => (card.value = { kind: "figure", id: one })}>{labelOf(one)}</button></th>
              <td class="number figures">{shown(today[one], formulas.value.get(one)?.unit ?? "count")}</td>
              <td class="number figures calm">{shown(usual[one], formulas.value.get(one)?.unit ?? "count")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

/** Nobody new enters; who comes waits elsewhere, or hears what the flow says of a closed queue. */
function Drain({ name }: { name: string }): JSX.Element {
  const drained = orders.value.drained[name];
  const to = useSignal("");
  const hours = useSignal(0);
  const moving = useSignal(true);
  if (drained !== undefined) {
    return (
      <section class="part">
        <p class="attention" data-testid="queue-drained">
          {t(drained.to ? "wall.drain.is_to" : "wall.drain.is", { by: doneBy(drained.by), to: drained.to })}
          {drained.until > 0 && ` · ${t("wall.left", { time: length(drained.until - now.value) })}`}
        </p>
        <button type="button" class="primary" data-testid="drain-end" onClick={() => void order(api.reopen(name), t("wall.drain.open_done", { name }))}>
          {t("wall.drain.open")}
        </button>
      </section>
    );
  }
  const send = (): void => {
    const doing = api.drain(name, to.value, hours.value * 3600, moving.value && to.value !== "");
    void order(doing, t("wall.drain.done", { name }));
  };
  return (
    <details class="part">
      <summary data-testid="drain-open">{t("wall.drain")}</summary>
      <p class="hint">{t("wall.drain.hint")}</p>
      <div class="row">
        <select aria-label={t("wall.drain.to")} data-testid="drain-to" value={to.value} onChange={(event) => (to.value = event.currentTarget.value)}>
          <option value="">{t("wall.drain.closed")}</option>
          {wall.value.queues.filter((one) => one.name !== name && !(one.name in orders.value.drained)).map((one) => (
            <option key={one.name} value={one.name}>{t("wall.drain.into", { queue: one.name })}</option>
          ))}
        </select>
        <select aria-label={t("wall.minutes")} value={hours.value} onChange={(event) => (hours.value = Number(event.currentTarget.value))}>
          {HOURS.map((n) => <option key={n} value={n}>{n === 0 ? t("wall.until_back") : t("wall.for_hours", { n })}</option>)}
        </select>
      </div>
      <div class="row">
        {to.value !== "" && (
          <label class="check">
            <input type="checkbox" checked={moving.value} data-testid="drain-move" onChange={(event) => (moving.value = event.currentTarget.checked)} />
            {t("wall.drain.move")}
          </label>
        )}
        <button type="button" class="danger" data-testid="drain-send" onClick={send}>{t("wall.drain.send")}</button>
      </div>
    </details>
  );
}
