import type { JSX } from "preact";
import { language, speak, t } from "../i18n";
import { Icon, type IconName } from "./icons";
import { nextTheme, theme } from "./theme";

const ICONS: Record<string, IconName> = { auto: "auto", light: "sun", dark: "moon" };

/** Language and colours, at the same place on every page. */
export function Switches(): JSX.Element {
  return (
    <div class="switches">
      <div class="language" role="group" aria-label={t("lang.label")}>
        {(["zh", "en"] as const).map((code) => (
          <button
            key={code}
            type="button"
            class="plain"
            lang={code}
            aria-pressed={language.value === code}
            data-testid={`lang-${code}`}
            onClick={() => speak(code)}
          >
            {t(`lang.${code}`)}
          </button>
        ))}
      </div>
      <button
        type="button"
        class="plain square"
        aria-label={t(`theme.${theme.value}`)}
        title={t(`theme.${theme.value}`)}
        data-testid="theme"
        onClick={nextTheme}
      >
        <Icon name={ICONS[theme.value] ?? "auto"} />
      </button>
    </div>
  );
}
