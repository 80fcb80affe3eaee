import type { JSX } from "preact";
import { Icon } from "../ui/icons";
import { ear, enter, leave, microphone, phone, type Mode } from "./monitor";
import { agentName, callerOf, callsById, card } from "./store";
import { t } from "./words";

export const MODES: Mode[] = ["listen", "whisper", "barge", "take"];
const MIC_BAD = new Set(["denied", "missing", "busy", "lost", "insecure"]);

/** While a supervisor is in a talk: whose it is, who hears what, and the way out; at the bottom of every view. */
export function Listening(): JSX.Element | null {
  const { call: id, mode, asking } = ear.value;
  if (mode === "off" && asking === null) return null;
  const call = callsById.value.get(id);
  const bad = mode !== "listen" && MIC_BAD.has(microphone.state.value);
  return (
    <div class="listening" role="region" aria-label={t("wall.listening")} data-testid="listening" data-mode={mode} data-asking={asking ?? ""} data-media={phone.state.value}>
      <Icon name={mode === "listen" ? "headset" : "mic"} />
      <button type="button" class="link" onClick={() => (card.value = { kind: "call", id })}>
        {call === undefined ? id : `${agentName(call.agent)} · ${callerOf(call)}`}
      </button>
      <span class="hint" role="status">{asking !== null ? t("wall.connecting") : t(`wall.hears.${mode as Mode}`)}</span>
      {bad && <span class="danger" role="alert">{t(`mic.${microphone.state.value}` as "mic.denied")}</span>}
      {phone.blocked.value && <button type="button" onClick={() => phone.unblock()}>{t("sound.play")}</button>}
      <span class="spread" />
      {mode !== "take" && MODES.slice(0, 3).map((one) => (
        <button key={one} type="button" class={one === mode ? "action on" : "action"} aria-pressed={one === mode} disabled={asking !== null} onClick={() => void enter(id, one)}>
          {t(`wall.mode.${one}`)}
        </button>
      ))}
      {mode !== "listen" && mode !== "off" && (
        <button type="button" class="square" aria-pressed={phone.muted.value} aria-label={t("wall.mute")} title={t("wall.mute")} onClick={() => phone.mute(!phone.muted.value)}>
          <Icon name={phone.muted.value ? "mute" : "mic"} />
        </button>
      )}
      <button type="button" class="hangup" data-testid="listening-stop" onClick={leave}>{t(mode === "take" ? "wall.hang_up" : "wall.mode.stop")}</button>
    </div>
  );
}
