import type { JSX } from "preact";
import { t } from "../i18n";
import { EarlierAdvice } from "./Advice";
import type { Contact } from "./model";
import { WrapUp } from "./WrapUp";

/** What the agent writes and decides. */
export function Do({ contact }: { contact: Contact }): JSX.Element {
  return (
    <section class="panel do" aria-label={t("panel.do")} data-panel="do">
      <h2>{t("panel.do")}</h2>
      <div class="scroll">
        {contact.phase === "wrap_up" && <p class="wrap-line">{t("do.wrap")}</p>}
        <EarlierAdvice contact={contact} />
        <WrapUp contact={contact} />
      </div>
    </section>
  );
}
