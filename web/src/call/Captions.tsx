import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Turn } from "../desk/model";
import { t } from "../i18n";

const SPEAKERS = { bot: "call.bot", caller: "call.you", agent: "call.agent" } as const;

/** What was said, as it is said. */
export function Captions({ captions }: { captions: Turn[] }): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  useLayoutEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [captions]);
  return (
    <section class="captions" aria-label={t("call.captions")}>
      <h2>{t("call.captions")}</h2>
      <ol ref={list} aria-live="polite" aria-label={t("call.captions")} tabIndex={0} data-testid="captions">
        {captions.length === 0 && <li class="calm">{t("call.captions.empty")}</li>}
        {captions.map((turn, n) => (
          <li key={n} class={`caption ${turn.speaker}`} data-speaker={turn.speaker}>
            <span class="speaker">{t(SPEAKERS[turn.speaker] ?? "call.bot")}</span>
            <span lang={turn.language || undefined}>
              {turn.medium === "keys" ? t("call.pressed", { keys: turn.text }) : turn.text}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
