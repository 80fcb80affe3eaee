import { signal, type Signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Device } from "../../media/microphone";
import { MicPanel } from "../../ui/MicPanel";
import { microphone, phone, ringer } from "../store";
import { Panel } from "./Panel";
import { allowNotifications, autoAnswer, letters, notify, output, permission, ringOutput, ringVolume } from "./preferences";
import { t } from "./words";

const testing = signal(false);

/** The headset of this seat, how it rings, and whether letters are keys. */
export function SettingsPanel(): JSX.Element {
  useEffect(() => {
    // Names of devices are told only to a page that has the microphone.
    void microphone.open();
    return () => (testing.value = false);
  }, []);
  return (
    <Panel title={t("line.settings")} name="settings" wide>
      <div class="line-halves even">
        <div class="line-stack">
          <h3>{t("line.settings.sound")}</h3>
          <MicPanel microphone={microphone} testing={testing.value} onTest={test} />
          <Output />
        </div>
        <div class="line-stack">
          <h3>{t("line.settings.calls")}</h3>
          <Ring />
          <Choice id="set-auto" of={autoAnswer} words={t("line.auto")} hint={t("line.auto.hint")} />
          <Choice id="set-notify" of={notify} words={t("line.notify")} hint={t(`line.notify.${permission.value}`)} then={() => void allowNotifications()} />
          <Choice id="set-letters" of={letters} words={t("line.letters")} hint={t("line.letters.hint")} />
        </div>
      </div>
    </Panel>
  );
}

function Output(): JSX.Element {
  const known = microphone.outputs.value;
  if (known.length === 0) return <p class="hint">{t("line.output.none")}</p>;
  return (
    <>
      <Devices id="output-device" label={t("line.output")} of={output} known={known} />
      <div class="line-row">
        <button type="button" data-testid="output-test" onClick={() => void phone.beep(output.value)}>
          {t("line.output.test")}
        </button>
        {!phone.outputThere.value && <span class="hint attention">{t("line.output.gone")}</span>}
      </div>
    </>
  );
}

function Ring(): JSX.Element {
  return (
    <>
      {microphone.outputs.value.length > 0 && (
        <Devices id="ring-device" label={t("line.ring_output")} of={ringOutput} known={microphone.outputs.value} />
      )}
      <label class="field">
        <span>{t("line.ring_volume")}</span>
        <input
          type="range"
          min="0"
          max="1"
          step="0.1"
          value={ringVolume.value}
          data-testid="ring-volume"
          onInput={(event) => (ringVolume.value = Number(event.currentTarget.value))}
        />
      </label>
      <button type="button" data-testid="ring-test" onClick={() => ringer.once()}>
        {t("line.ring_test")}
      </button>
    </>
  );
}

function Devices({ id, label, of, known }: { id: string; label: string; of: Signal<string>; known: Device[] }): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={of.value} data-testid={id} onChange={(event) => (of.value = event.currentTarget.value)}>
        <option value="">{t("mic.default")}</option>
        {known
          .filter((device) => device.id !== "default")
          .map((device, n) => (
            <option key={device.id} value={device.id}>
              {device.label || t("line.device.unnamed", { n: n + 1 })}
            </option>
          ))}
      </select>
    </label>
  );
}

interface ChoiceProps {
  id: string;
  of: Signal<boolean>;
  words: ComponentChildren;
  hint: string;
  then?(): void;
}

function Choice({ id, of, words, hint, then }: ChoiceProps): JSX.Element {
  return (
    <label class="line-choice">
      <input
        type="checkbox"
        checked={of.value}
        data-testid={id}
        onChange={(event) => {
          of.value = event.currentTarget.checked;
          then?.();
        }}
      />
      <span>
        {words}
        <small class="hint">{hint}</small>
      </span>
    </label>
  );
}

function test(on: boolean): void {
  testing.value = on;
  if (on) void microphone.open();
}
