import type { JSX } from "preact";
import { clock, length, t } from "../i18n";
import { agentVerdict, byWhom, obstacleWords, type AgentWhy } from "../ui/why";
import { askWhy, desk, reasonName } from "./store";

/** "Why am I not getting calls?", answered where the calls would be. */
export function WhyNoCalls(): JSX.Element {
  const why = desk.value.explained;
  return (
    <section class="why" data-testid="why">
      <button type="button" data-testid="why-ask" onClick={() => void askWhy()}>
        {why === null ? t("why.ask") : t("why.again")}
      </button>
      <div role="status" data-testid="why-answer">
        {why !== null && <Answer why={why} />}
      </div>
    </section>
  );
}

function Answer({ why }: { why: AgentWhy }): JSX.Element {
  return (
    <>
      <p class="why-verdict">
        <strong>{agentVerdict(why, reasonName)}</strong> <small class="figures">{t("why.at", { time: clock(why.at) })}</small>
      </p>
      <dl class="why-facts">
        <dt>{t("why.devices")}</dt>
        <dd>
          {why.devices.length === 0
            ? t("why.no_device")
            : why.devices.map(({ kind, where }) => t(`why.device.${kind}` as "why.device.page", { where })).join(", ")}
        </dd>
        {why.breaks.length > 0 && (
          <>
            <dt>{t("why.breaks")}</dt>
            {why.breaks.slice(0, 3).map((one) => (
              <dd key={one.id} class="figures">
                {clock(one.from)}–{clock(one.until)} {reasonName(one.reason)} ({byWhom(one.by)})
              </dd>
            ))}
          </>
        )}
      </dl>
      {why.missed > 0 && <p>{t("why.missed", { n: why.missed })}</p>}
      {why.contacts.length > 0 && (
        <>
          <h2>{t("why.waiting")}</h2>
          <ol class="why-list">
            {why.contacts.slice(0, 5).map((one) => (
              <li key={one.contact}>
                <span class="figures">
                  {one.queue} {length(one.waited)}
                </span>
                <span>{obstacleWords(one.obstacle, reasonName)}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </>
  );
}
