import type { JSX } from "preact";
import { t } from "../i18n";
import type { Microphone } from "../media/microphone";
import { Meter } from "./Meter";

interface Props {
  microphone: Microphone;
  /** True while the meter runs. */
  testing: boolean;
  onTest(on: boolean): void;
}

/** Which microphone, does it work, and what to do where it does not. */
export function MicPanel({ microphone, testing, onTest }: Props): JSX.Element {
  const state = microphone.state.value;
  const bad = state === "denied" || state === "missing" || state === "busy" || state === "lost" || state === "insecure";
  const devices = microphone.devices.value;
  return (
    <div class="mic">
      <label class="field">
        <span>{t("mic.label")}</span>
        <select
          value={microphone.chosen.value}
          data-testid="mic-device"
          onChange={(event) => void microphone.choose(event.currentTarget.value)}
        >
          <option value="">{t("mic.default")}</option>
          {devices
            .filter((device) => device.id !== "default")
            .map((device, n) => (
              <option key={device.id} value={device.id}>
                {device.label || t("mic.unnamed", { n: n + 1 })}
              </option>
            ))}
        </select>
      </label>
      <div class="mic-row">
        <button type="button" data-testid="mic-test" aria-pressed={testing} onClick={() => onTest(!testing || bad)}>
          {bad ? t("mic.retry") : testing ? t("mic.stop") : t("mic.test")}
        </button>
        <Meter stream={testing ? microphone.stream.value : null} />
      </div>
      <p class={bad ? "hint danger" : state === "ready" ? "hint good" : "hint"} role="status" data-testid="mic-state">
        {state === "ready" && testing ? t("mic.speak") : t(`mic.${state}`)}
      </p>
    </div>
  );
}
