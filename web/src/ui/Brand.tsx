import type { JSX } from "preact";
import { t } from "../i18n";

export function Brand(): JSX.Element {
  return (
    <a class="brand" href="/" aria-label={`${t("start.title")}: ${t("call.home")}`}>
      <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
        <rect class="brand-tile" width="32" height="32" rx="7" />
        <path
          class="brand-mark"
          d="M10.3 7.2 13 6.6l1.7 4.1-1.9 1.7c.9 2.2 2.6 4 4.8 5l1.8-1.9 4.1 1.8-.6 2.7c-.3 1.4-1.5 2.3-2.9 2.2-7-.5-12.2-5.8-12.6-12.7 0-1.3.9-2.1 2.9-2.3z"
        />
      </svg>
      <span>{t("start.title")}</span>
    </a>
  );
}
