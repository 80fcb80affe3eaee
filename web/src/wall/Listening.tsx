import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { rowsOf, type Outcome } from "../desk/call/tree";
import { language } from "../i18n";
import { Icon } from "../ui/icons";
import { comeBack, ear, enter, finish, hold, leave, microphone, outcomes, phone, taken, type Mode } from "./monitor";
import { agentName, callerOf, callsById, card, notice, who } from "./store";
import { t } from "./words";

export const MODES: Mode[] = ["listen", "whisper", "barge", "take"];
const MIC_BAD = new Set(["denied", "missing", "busy", "lost", "insecure"]);

/** While a supervisor is in a talk: whose it is, who hears what, and the way out; at the bottom of every view. */
export function Listening(): JSX.Element | null {
  const { call: id, mode, asking } = ear.value;
  useEffect(comeBack, []);
  if (mode === "off" && asking === null) return taken.value?.phase === "wrap_up" ? <WrapUp /> : null;
  const held = taken.value?.phase === "held";
  const call = callsById.value.get(id);
  const bad = mode !== "listen" && MIC_BAD.has(microphone.state.value);
  return (
    <div class="listening" role="region" aria-label={t("wall.listening")} data-testid="listening" data-mode={mode} data-asking={asking ?? ""} data-media={phone.state.value}>
      <Icon name={mode === "listen" ? "headset" : "mic"} />
      <button type="button" class="link" onClick={() => (card.value = { kind: "call", id })}>
        {call === undefined ? id : `${agentName(call.agent)} · ${callerOf(call)}`}
      </button>
      <span class="hint" role="status">{asking !== null ? t("wall.connecting") : t(held ? "wall.hears.held" : `wall.hears.${mode as Mode}`)}</span>
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
      {mode === "take" && taken.value !== null && (
        <>
          <button type="button" class={held ? "action on" : "action"} aria-pressed={held} data-testid="listening-hold" onClick={() => void holding()}>
            {t(held ? "wall.resume" : "wall.hold")}
          </button>
          {who.value.roles?.includes("agent") && (
            <a class="action" href="/desk" target="hotline-desk" data-testid="listening-desk" title={t("wall.to_desk.hint")}>{t("wall.to_desk")}</a>
          )}
        </>
      )}
      <button type="button" class="hangup" data-testid="listening-stop" onClick={leave}>{t(mode === "take" ? "wall.hang_up" : "wall.mode.stop")}</button>
    </div>
  );
}

async function holding(): Promise<void> {
  const words = await hold();
  if (words !== "") notice.value = { words: words === "offline" ? t("wall.ended.offline") : words, kind: "danger" };
}

function wordsOf(name: string, label: Outcome["label"]): string {
  if (label === undefined) return name;
  return typeof label === "string" ? label : (label[language.value] ?? Object.values(label)[0] ?? name);
}

/** After a call that was taken: what became of it. */
function WrapUp(): JSX.Element {
  const one = taken.value!;
  const rows = rowsOf(outcomes.value, wordsOf).filter((row) => !row.branch && !row.dated);
  return (
    <form
      class="listening"
      aria-label={t("wall.wrap_up")}
      data-testid="listening-wrap-up"
      onSubmit={(event) => {
        event.preventDefault();
        void finish();
      }}
    >
      <b>{t("wall.wrap_up")}</b>
      {rows.length > 0 && (
        <select aria-label={t("wall.outcome")} data-testid="wrap-up-outcome" value={one.outcome} onChange={(event) => (taken.value = { ...one, outcome: event.currentTarget.value })}>
          <option value="">{t("wall.outcome.none")}</option>
          {rows.map((row) => <option key={row.path} value={row.path}>{row.words.join(" › ")}</option>)}
        </select>
      )}
      <input
        class="grow"
        type="text"
        maxLength={10000}
        aria-label={t("wall.note")}
        placeholder={t("wall.note")}
        data-testid="wrap-up-note"
        value={one.note}
        onInput={(event) => (taken.value = { ...one, note: event.currentTarget.value })}
      />
      {one.words !== "" && <span class="danger" role="alert">{one.words === "offline" ? t("wall.ended.offline") : one.words}</span>}
      <button type="submit" class="primary" data-testid="wrap-up-done">{t("wall.done")}</button>
    </form>
  );
}
