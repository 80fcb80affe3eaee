import type { JSX } from "preact";
import { t } from "../i18n";
import { MicPanel } from "../ui/MicPanel";
import { callerName, callLanguage, chosenLanguage, dial, microphone, nameCaller, testing, testMicrophone } from "./store";

/** Before the call: who calls, in which language, with which microphone. */
export function Prepare(): JSX.Element {
  return (
    <form
      class="prepare"
      onSubmit={(event) => {
        event.preventDefault();
        void dial();
      }}
    >
      <label class="field">
        <span>
          {t("call.name")} <small>{t("call.name.hint")}</small>
        </span>
        <input
          name="name"
          autocomplete="name"
          maxLength={60}
          value={callerName.value}
          data-testid="name"
          onInput={(event) => nameCaller(event.currentTarget.value)}
        />
      </label>
      <fieldset class="field segmented">
        <legend>{t("call.language")}</legend>
        {(["zh", "en"] as const).map((code) => (
          <label key={code} lang={code}>
            <input
              type="radio"
              name="language"
              value={code}
              checked={callLanguage.value === code}
              data-testid={`call-language-${code}`}
              onChange={() => (chosenLanguage.value = code)}
            />
            <span>{t(`lang.${code}`)}</span>
          </label>
        ))}
      </fieldset>
      <MicPanel microphone={microphone} testing={testing.value} onTest={(on) => void testMicrophone(on)} />
    </form>
  );
}
