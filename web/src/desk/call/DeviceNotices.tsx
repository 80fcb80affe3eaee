import type { JSX } from "preact";
import { microphone, panel, phone, talking } from "../store";
import { Line } from "./Line";
import { t } from "./words";

/** What is wrong with the headset, and the one click that mends it. */
export function DeviceNotices(): JSX.Element {
  const instead = microphone.instead.value;
  const fresh = microphone.fresh.value;
  const health = talking.value && microphone.state.value === "ready" ? phone.micHealth.value : "fine";
  return (
    <>
      {health !== "fine" && (
        <Line kind={health === "dead" ? "danger" : "attention"} id={`mic-${health}`} words={t(health === "dead" ? "line.mic.dead" : "line.mic.faint")}>
          <Choose />
        </Line>
      )}
      {instead !== null && (
        <Line kind="attention" id="mic-instead" words={t(instead.wanted === "" ? "line.mic.instead.unnamed" : "line.mic.instead", instead)}>
          <>
            <Choose />
            <button type="button" onClick={() => (microphone.instead.value = null)}>
              {t("line.close")}
            </button>
          </>
        </Line>
      )}
      {fresh !== null && (
        <Line kind="waiting" id="mic-fresh" words={t("line.mic.fresh", { name: fresh.label || t("line.device.unnamed", { n: 1 }) })}>
          <>
            <button type="button" data-testid="mic-use" onClick={() => void microphone.choose(fresh.id)}>
              {t("line.mic.use")}
            </button>
            <button type="button" onClick={() => (microphone.fresh.value = null)}>
              {t("line.close")}
            </button>
          </>
        </Line>
      )}
      {!phone.outputThere.value && (
        <Line kind="attention" id="output-gone" words={t("line.output.gone")}>
          <button type="button" onClick={() => (phone.outputThere.value = true)}>
            {t("line.close")}
          </button>
        </Line>
      )}
    </>
  );
}

function Choose(): JSX.Element {
  return (
    <button type="button" data-testid="mic-choose" onClick={() => (panel.value = "settings")}>
      {t("line.mic.choose")}
    </button>
  );
}
