import type { JSX } from "preact";
import { length } from "../i18n";
import { age, NONE, shown, waitingCalls } from "./figures";
import { Since } from "./bits";
import type { Call, Queue } from "./model";
import { callerOf, card, now, orders, part, scope, tv } from "./store";
import { labelOf } from "./Strip";
import { t } from "./words";

const MOST_DOTS = 30;
const SHOWN = ["service_level", "asa", "abandonment"] as const;

/** The queues as rows; who waits is a dot that ages. */
export function Queues(): JSX.Element {
  const queues = part.queues.value.filter((one) => !tv.value || scope.value === "" || one.name === scope.value);
  return (
    <section class="block queues" aria-labelledby="queues-title">
      <h2 id="queues-title">{t("wall.queues")}</h2>
      {queues.length === 0 ? (
        <p class="calm blank">{t("wall.no_queues")}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-labelledby="queues-title">
          <table>
            <thead>
              <tr>
                <th scope="col">{t("wall.queue")}</th>
                <th scope="col" class="wide">{t("wall.waiting")}</th>
                <th scope="col" class="number">{t("wall.longest_short")}</th>
                <th scope="col" class="number">{t("wall.expected")}</th>
                <th scope="col" class="number">{t("wall.talking")}</th>
                {SHOWN.map((name) => <th key={name} scope="col" class="number">{labelOf(name)}</th>)}
              </tr>
            </thead>
            <tbody>{queues.map((queue) => <Row key={queue.name} queue={queue} />)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row({ queue }: { queue: Queue }): JSX.Element {
  const today = part.figures.value.today[queue.name] ?? {};
  const drained = orders.value.drained[queue.name];
  const longest = queue.longest_since === null ? null : now.value - queue.longest_since;
  const kind = longest === null ? "calm" : age(longest, queue.within);
  return (
    <tr data-testid={`queue-${queue.name}`} data-waiting={queue.waiting}>
      <th scope="row">
        {tv.value ? (
          queue.name
        ) : (
          <button type="button" class="link" data-testid={`queue-open-${queue.name}`} onClick={() => (card.value = { kind: "queue", id: queue.name })}>
            {queue.name}
          </button>
        )}
        {drained !== undefined && <span class="flag attention" data-testid="drained">{drained.to ? t("wall.drained_to", { to: drained.to }) : t("wall.drained")}</span>}
      </th>
      <td class="wide">
        <Dots queue={queue} />
      </td>
      <td class={`number figures ${kind}`}>{queue.longest_since === null ? NONE : <Since at={queue.longest_since} />}</td>
      <td class="number figures">{shown(queue.estimated_wait, "seconds")}</td>
      <td class="number figures">{queue.talking}{queue.offered > 0 && <span class="calm" title={t("wall.ringing")}> +{queue.offered}</span>}</td>
      {SHOWN.map((name) => <td key={name} class="number figures">{shown(today[name], name === "asa" ? "seconds" : "share")}</td>)}
    </tr>
  );
}

/** The count, then a dot for each who waits: round, hourglass, triangle, square, the longer the angrier. */
function Dots({ queue }: { queue: Queue }): JSX.Element {
  const calls = waitingCalls(part.calls.value, queue.name);
  const known = calls.length >= queue.since.length;
  const dots = queue.since.slice(0, MOST_DOTS);
  return (
    <span class="dots">
      <b class="figures count">{queue.waiting}</b>
      {dots.map((since, index) => {
        const waits = Math.max(0, now.value - since);
        const kind = age(waits, queue.within);
        const call = known ? calls[index] : undefined;
        if (call === undefined || tv.value) return <span key={index} class={`shape ${kind}`} aria-hidden="true" />;
        return <Dot key={call.id} call={call} kind={kind} waits={length(waits)} />;
      })}
      {queue.waiting > dots.length && <span class="calm figures">+{queue.waiting - dots.length}</span>}
    </span>
  );
}

function Dot({ call, kind, waits }: { call: Call; kind: string; waits: string }): JSX.Element {
  const words = t("wall.waits_for", { name: callerOf(call), time: waits });
  return (
    <button type="button" class="dot" title={words} aria-label={words} data-testid={`dot-${call.id}`} onClick={() => (card.value = { kind: "call", id: call.id })}>
      <span class={`shape ${kind}`} aria-hidden="true" />
    </button>
  );
}
