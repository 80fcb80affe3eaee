import type { JSX } from "preact";
import { t } from "../i18n";
import { Brand } from "../ui/Brand";
import { Switches } from "../ui/Switches";
import { enter } from "./store";

/** A second tab took the desk: only one leads. */
export function Replaced(): JSX.Element {
  return (
    <div class="signin" data-testid="replaced">
      <header class="page-top">
        <Brand />
        <Switches />
      </header>
      <main>
        <div class="card" role="status">
          <h1>{t("notice.replaced")}</h1>
          <button class="primary" type="button" data-testid="take-over" onClick={enter}>
            {t("notice.replaced.take")}
          </button>
        </div>
      </main>
    </div>
  );
}
