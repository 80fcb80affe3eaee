import type { JSX } from "preact";
import { show, unread, view, type View } from "./store";
import { t } from "./words";

const VIEWS: readonly View[] = ["call", "inbox"];

/** Calls or messages: what the middle of the desk shows. */
export function Views(): JSX.Element {
  return (
    <div class="views" role="group" aria-label={t("view.label")}>
      {VIEWS.map((name) => (
        <button
          key={name}
          type="button"
          class="plain"
          aria-pressed={view.value === name}
          data-testid={`view-${name}`}
          onClick={() => show(name)}
        >
          {t(`view.${name}`)}
          {name === "inbox" && unread.value > 0 && (
            <span class="news-count figures" data-testid="inbox-unread" aria-label={t("view.news", { n: unread.value })}>
              {unread.value}
            </span>
          )}
        </button>
      ))}
    </div>
  );
}
