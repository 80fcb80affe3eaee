import type { JSX } from "preact";
import { language, t } from "../i18n";
import { feeling, said } from "./insight";
import type { Contact } from "./model";

export const KINDS = { calm: "good", tense: "waiting", angry: "danger" } as const;
const SIGNS = { rising: "↗", falling: "↘", steady: "→", "": "" } as const;

/** How the caller feels, where it goes, and why: a word, a shape and five steps, never a colour alone. */
export function Feeling({ contact }: { contact: Contact }): JSX.Element | null {
  const felt = feeling(contact.handover);
  if (felt === null) return null;
  const why = felt.why.map((words) => said(words, language.value)).filter((words) => words !== "");
  return (
    <div class={`feeling ${KINDS[felt.mood]}`} data-testid="mood" data-mood={felt.mood} data-trend={felt.trend}>
      <span class={`shape ${KINDS[felt.mood]}`} aria-hidden="true" />
      <strong>{t(`mood.${felt.mood}`)}</strong>
      <svg class="steps" width="44" height="10" viewBox="0 0 44 10" role="img" aria-label={t("mood.level", { n: felt.steps })}>
        {[0, 1, 2, 3, 4].map((n) => (
          <rect key={n} x={n * 9} y={8 - 2 * n} width="6" height={2 + 2 * n} class={n < felt.steps ? "on" : "off"} />
        ))}
      </svg>
      {felt.trend !== "" && (
        <span class="trend">
          <span aria-hidden="true">{SIGNS[felt.trend]}</span> {t(`trend.${felt.trend}`)}
        </span>
      )}
      {why.length > 0 && <span class="felt-why">{why.join(t("list.comma"))}</span>}
    </div>
  );
}
