import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { clock, length } from "../../i18n";
import { agentVerdict, byWhom, contactVerdict, obstacleWords, type AgentWhy, type ContactWhy } from "../../ui/why";
import { ask } from "../api";
import { Dialog } from "../Dialog";
import { wordsOf } from "../store";
import { t } from "../words";
import { reasonName } from "./store";

interface Props {
  id: string;
  close(): void;
}

/** Why an agent gets no calls. */
export function AgentDialog({ id, close }: Props): JSX.Element {
  const [why, failed] = useAnswer<AgentWhy>(`/api/v1/agents/${encodeURIComponent(id)}/explain`);
  return (
    <Dialog id="agent-why" title={t("live.why_agent", { name: why?.name ?? id })} close={close}>
      {failed !== "" && <p class="danger" role="alert">{failed}</p>}
      {why !== null && (
        <div class="why-words">
          <p><strong data-testid="verdict">{agentVerdict(why, reasonName)}</strong></p>
          <p>{t("live.served", { n: why.served })}{why.missed > 0 && <>, {t("why.missed", { n: why.missed })}</>}</p>
          {why.breaks.map((one) => (
            <p key={one.id} class="figures">{clock(one.from)}–{clock(one.until)} {reasonName(one.reason)} ({byWhom(one.by)})</p>
          ))}
          <div class="scroll" tabIndex={0} role="region" aria-label={t("live.waiting")}>
            <table class="list">
              <tbody>
                {why.contacts.map((one) => (
                  <tr key={one.contact}>
                    <th scope="row">{one.queue}</th>
                    <td class="figures">{length(one.waited)}</td>
                    <td>{obstacleWords(one.obstacle, reasonName)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      )}
    </Dialog>
  );
}

/** Why a contact waits, and who was considered. */
export function ContactDialog({ id, close }: Props): JSX.Element {
  const [why, failed] = useAnswer<ContactWhy>(`/api/v1/contacts/${encodeURIComponent(id)}/explain`);
  /** Costs of one contact are compared with each other alone, so the least is shown as 0. */
  const least = Math.min(...(why?.agents ?? []).map((one) => one.cost ?? Infinity));
  return (
    <Dialog id="contact-why" title={t("live.why_contact")} wide close={close}>
      {failed !== "" && <p class="danger" role="alert">{failed}</p>}
      {why !== null && (
        <div class="why-words">
          <p><strong data-testid="verdict">{contactVerdict(why)}</strong></p>
          <p>
            {t("live.place", { queue: why.queue, time: length(why.waited), n: why.before, priority: why.priority, strategy: why.strategy })}
            {why.next_step !== null && <>; {t("live.next_step", { time: length(why.next_step) })}</>}
          </p>
          <div class="scroll" tabIndex={0} role="region" aria-label={t("live.considered")}>
            <table class="list" data-testid="considered">
              <thead>
                <tr>
                  <th scope="col">{t("live.rank")}</th>
                  <th scope="col">{t("live.agent")}</th>
                  <th scope="col">{t("live.obstacle")}</th>
                  <th scope="col">{t("live.cost")}</th>
                </tr>
              </thead>
              <tbody>
                {why.agents.map((one) => (
                  <tr key={one.agent} class={one.rank === 1 ? "chosen" : ""}>
                    <td class="figures">{one.rank ?? "–"}</td>
                    <th scope="row">{one.name}</th>
                    <td>{obstacleWords(one.obstacle, reasonName)}</td>
                    <td class="figures">{one.cost === null ? "–" : (one.cost - least).toFixed(1)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      )}
    </Dialog>
  );
}

function useAnswer<T>(path: string): [T | null, string] {
  const found = useSignal<T | null>(null);
  const failed = useSignal("");
  useEffect(() => {
    ask<T>("GET", path).then(
      (answer) => (found.value = answer),
      (error: unknown) => (failed.value = wordsOf(error)),
    );
  }, [path]);
  return [found.value, failed.value];
}
