import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { clock } from "../i18n";
import { Since } from "./bits";
import type { Alert } from "./model";
import { acknowledge, agentName, card, look, notice, own, textOf, tv, wall, who, wordsOf } from "./store";
import { t } from "./words";

/** On a television: what else is wrong is a number, so that nodes and chart stay in sight. */
const MOST_TV = 5;

/** What is wrong now, the gravest first, each leading to its cause; then what was. */
export function Alerts(): JSX.Element {
  const open = wall.value.alerts.filter((one) => one.closed_at === null);
  const shown = tv.value ? open.slice(0, MOST_TV) : open;
  const closed = wall.value.alerts.filter((one) => one.closed_at !== null);
  return (
    <section class="block alerts" aria-labelledby="alerts-title" data-testid="alerts" data-open={open.length}>
      <h2 id="alerts-title">
        {t("wall.alerts")} {open.length > 0 && <b class="figures">{open.length}</b>}
      </h2>
      <div role="log" aria-label={t("wall.alerts")}>
        {open.length === 0 && (
          <p class="calm blank" data-testid="alerts-none">
            <span class="shape good" aria-hidden="true" /> {t("wall.alerts.none")}
          </p>
        )}
        <ul>{shown.map((alert) => <Line key={alert.id} alert={alert} />)}</ul>
        {shown.length < open.length && <p class="calm" data-testid="alerts-more">{t("wall.alerts.more", { n: open.length - shown.length })}</p>}
      </div>
      {closed.length > 0 && !tv.value && (
        <details class="was">
          <summary>{t("wall.alerts.closed", { n: closed.length })}</summary>
          <ul>{closed.map((alert) => <Line key={alert.id} alert={alert} />)}</ul>
        </details>
      )}
    </section>
  );
}

function Line({ alert }: { alert: Alert }): JSX.Element {
  const busy = useSignal(false);
  const over = alert.closed_at !== null;
  const seen = alert.acknowledged_at !== null;
  const doing = async (what: Promise<void>): Promise<void> => {
    busy.value = true;
    try {
      await what;
    } catch (error) {
      notice.value = { words: wordsOf(error), kind: "danger" };
    } finally {
      busy.value = false;
    }
  };
  const mine = alert.owner === who.value.id;
  return (
    <li class={over ? "alert over" : seen ? "alert seen" : `alert ${alert.severity}`} data-testid="alert" data-alert={alert.id} data-seen={seen}>
      <span class={`shape ${over ? "" : alert.severity}`} aria-hidden="true" />
      <div class="alert-words">
        {tv.value ? <span class="say">{textOf(alert.text)}</span> : <button type="button" class="link" data-testid="alert-cause" onClick={() => lead(alert)}>{textOf(alert.text)}</button>}
        <span class="calm">
          {over ? t("wall.alert.over", { from: clock(alert.opened_at), to: clock(alert.closed_at ?? 0) }) : <Since at={alert.opened_at} />}
          {seen && !over && ` · ${t("wall.alert.seen", { by: agentName(alert.acknowledged_by) })}`}
          {alert.owner !== "" && ` · ${t("wall.alert.owner", { by: agentName(alert.owner) })}`}
          {alert.sent_at != null && !tv.value && ` · ${t(alert.stage ? "wall.alert.escalated" : "wall.alert.told", { at: clock(alert.sent_at), by: (alert.told ?? []).join(", ") || t("wall.alert.nobody") })}`}
          {alert.note !== "" && ` · ${alert.note}`}
        </span>
      </div>
      {!over && !tv.value && (
        <div class="alert-do">
          {!seen && (
            <button type="button" disabled={busy.value} data-testid="acknowledge" onClick={() => void doing(acknowledge(alert.id, ""))}>
              {t("wall.alert.acknowledge")}
            </button>
          )}
          <button type="button" class="plain" disabled={busy.value} data-testid="own" aria-pressed={mine} onClick={() => void doing(own(alert.id, mine ? "" : who.value.id))}>
            {t(mine ? "wall.alert.give_up" : "wall.alert.take")}
          </button>
        </div>
      )}
    </li>
  );
}

/** Go to what the alert is about. */
function lead({ subject }: Alert): void {
  switch (subject.kind) {
    case "queue":
      look(subject.id);
      card.value = { kind: "queue", id: subject.id };
      return;
    case "agent":
    case "call":
      card.value = { kind: subject.kind, id: subject.id };
      return;
    case "ticket":
      window.open(`/desk#ticket=${encodeURIComponent(subject.id)}`, "_blank", "noopener");
      return;
    default:
      document.getElementById(subject.kind === "house" ? "queues-title" : "machines-title")?.scrollIntoView({ block: "center", behavior: "smooth" });
  }
}
