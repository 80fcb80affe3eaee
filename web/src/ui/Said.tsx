import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { t } from "../i18n";

export interface Told {
  words: string;
  kind: "good" | "attention" | "danger";
}

/** What was done last, or why it was not, until somebody closes it; read out at once where it is no good news. */
export function Said<Kind extends Told>({ notice, name = "notice" }: { notice: Signal<Kind | null>; name?: string }): JSX.Element {
  const said = notice.value;
  return (
    <div role={said === null || said.kind === "good" ? "status" : "alert"}>
      {said !== null && (
        <div class={`notice ${said.kind}`} data-testid={name}>
          <span class={`shape ${said.kind}`} aria-hidden="true" />
          <p>{said.words}</p>
          <button type="button" onClick={() => (notice.value = null)}>{t("notice.close")}</button>
        </div>
      )}
    </div>
  );
}
