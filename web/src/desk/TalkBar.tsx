import type { JSX } from "preact";
import { t } from "../i18n";
import { shares } from "./insight";
import type { Contact, TalkSide } from "./model";

/** Who speaks how much and how fast, in one line; nothing before two talk. */
export function TalkBar({ contact }: { contact: Contact }): JSX.Element | null {
  const talk = contact.handover.talk;
  const parts = shares(talk);
  if (talk === undefined || parts === null) return null;
  const { caller, agent, silence, over } = parts;
  return (
    <div class="talk-bar" role="group" aria-label={t("measure.label")} data-testid="talk-bar">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="caller" x="0" y="0" width={caller} height="8" />
        <rect class="quiet" x={caller} y="0" width={silence} height="8" />
        <rect class="agent" x={caller + silence} y="0" width={agent} height="8" />
      </svg>
      <p class="figures">
        <span class="caller">{t("measure.caller", { n: caller, rate: pace(talk.caller) })}</span>
        <span>{t("measure.silence", { n: silence })}</span>
        <span class={over >= 10 ? "over much" : "over"}>{t("measure.over", { n: over })}</span>
        <span class="agent">{t("measure.agent", { n: agent, rate: pace(talk.agent) })}</span>
      </p>
    </div>
  );
}

function pace(side: TalkSide): string {
  if (side.rate === null) return "";
  return ` · ${t(side.unit === "words" ? "measure.words" : "measure.syllables", { n: Math.round(side.rate) })}`;
}
