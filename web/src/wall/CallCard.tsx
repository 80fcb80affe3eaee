import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { clock, languageName, length } from "../i18n";
import { contactVerdict, type ContactWhy } from "../ui/why";
import * as api from "./api";
import { MoodMark, Since } from "./bits";
import { shown } from "./figures";
import { MODES } from "./Listening";
import type { Call } from "./model";
import { ear, enter, leave } from "./monitor";
import { Facts, Panel } from "./Panel";
import { agentName, callerOf, callsById, card, flows, now, order, supervises, wall } from "./store";
import { t } from "./words";

/** One call: who, what about, how it goes; be in it, or send it elsewhere. */
export function CallCard({ id }: { id: string }): JSX.Element {
  const call = callsById.value.get(id);
  if (call === undefined) {
    return (
      <Panel id="card-call" title={t("wall.call")}>
        <p class="calm" data-testid="call-over">{t("wall.call.over")}</p>
      </Panel>
    );
  }
  const waits = call.phase === "waiting" || call.phase === "offered";
  return (
    <Panel id="card-call" title={callerOf(call)}>
      <p class="lead">
        <b>{t(`wall.phase.${call.phase}`)}</b>
        <Since at={call.connected_at ?? call.queued_at ?? call.started_at} />
        <MoodMark mood={call.mood} trend={call.mood_trend} />
      </p>
      <Story call={call} />
      {waits && <Why call={call} />}
      {call.phase === "connected" && <Monitor call={call} />}
      {call.phase !== "bot" && <Move call={call} />}
      {call.phase === "bot" && <p class="hint">{t("wall.call.bot")}</p>}
    </Panel>
  );
}

function Story({ call }: { call: Call }): JSX.Element {
  const quiet = call.quiet_since === null ? 0 : now.value - call.quiet_since;
  return (
    <Facts
      rows={[
        [t("wall.number"), call.caller.name === "" ? "" : call.caller.number],
        [t("wall.about"), call.label || call.intent],
        [t("wall.queue"), call.queue],
        [t("wall.agent"), call.agent === "" ? "" : (
          <button type="button" class="link" onClick={() => (card.value = { kind: "agent", id: call.agent })}>{agentName(call.agent)}</button>
        )],
        [t("wall.spoken"), call.language === "" ? "" : languageName(call.language)],
        [t("wall.heard"), call.confidence === null ? "" : shown(call.confidence, "share")],
        [t("wall.silence"), quiet > 5 ? length(quiet) : ""],
        [t("wall.began"), clock(call.started_at)],
        [t("wall.flow"), call.phase === "bot" ? `${call.flow} · ${call.state}` : call.flow],
        [t("wall.way"), [call.channel, call.trunk, call.node].filter((part) => part).join(" · ")],
      ]}
    />
  );
}

/** Why it waits, asked once when the card opens and on demand: the answer changes by the second. */
function Why({ call }: { call: Call }): JSX.Element {
  const words = useSignal("");
  const read = async (): Promise<void> => {
    try {
      words.value = contactVerdict((await api.explain(call.id)) as unknown as ContactWhy);
    } catch {
      words.value = "";
    }
  };
  useEffect(() => void read(), []);
  return (
    <p class="why" role="status">
      <span data-testid="call-why">{words.value}</span>{" "}
      <button type="button" class="link" onClick={() => void read()}>{t("wall.why_again")}</button>
    </p>
  );
}

function Monitor({ call }: { call: Call }): JSX.Element {
  const mine = ear.value.call === call.id;
  const { mode, asking, reason, words } = ear.value;
  if (!supervises.value) return <p class="hint">{t("wall.monitor.role")}</p>;
  return (
    <section class="part" aria-labelledby="monitor-title">
      <h3 id="monitor-title">{t("wall.monitor")}</h3>
      <div class="modes">
        {MODES.map((one) => (
          <button
            key={one}
            type="button"
            class={mine && mode === one ? "action on" : one === "take" ? "action take" : "action"}
            aria-pressed={mine && mode === one}
            disabled={asking !== null || (mine && mode === "take")}
            title={t(`wall.hears.${one}`)}
            data-testid={`mode-${one}`}
            onClick={() => void enter(call.id, one)}
          >
            {t(`wall.mode.${one}`)}
          </button>
        ))}
        {mine && mode !== "off" && <button type="button" data-testid="mode-stop" class={mode === "take" ? "hangup" : ""} onClick={leave}>{t(mode === "take" ? "wall.hang_up" : "wall.mode.stop")}</button>}
      </div>
      <p class="hint" role="status" data-testid="monitor-state" data-mode={mine ? mode : "off"}>
        {mine && asking !== null ? t("wall.connecting") : mine && mode !== "off" ? t(`wall.hears.${mode}`) : t("wall.monitor.hint")}
      </p>
      {mine && mode === "off" && reason !== "" && reason !== "stopped" && (
        <p class="attention" role="alert" data-testid="monitor-why">{words || t(`wall.ended.${reason}`)}</p>
      )}
    </section>
  );
}

/** Another queue, one agent, back to a flow, or to the front of this queue. */
function Move({ call }: { call: Call }): JSX.Element {
  const to = useSignal("");
  const first = useSignal(false);
  const here = `queue:${call.queue}`;
  const send = async (): Promise<void> => {
    const place = to.value || here;
    const done = t("wall.moved", { name: callerOf(call), to: place.split(":")[1] ?? place });
    if (await order(api.move(call.id, place, first.value ? 10 : null), done)) card.value = null;
  };
  const talks = call.phase === "connected";
  return (
    <form
      class="part"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <h3>{t(talks ? "wall.move.talking" : "wall.move")}</h3>
      <div class="row">
        <select aria-label={t("wall.move.to")} data-testid="move-to" value={to.value} onChange={(event) => (to.value = event.currentTarget.value)}>
          <option value="">{talks ? t("wall.move.choose") : t("wall.move.stay", { queue: call.queue })}</option>
          <optgroup label={t("wall.queues")}>
            {wall.value.queues.filter((one) => one.name !== call.queue || talks).map(({ name }) => <option key={name} value={`queue:${name}`}>{name}</option>)}
          </optgroup>
          <optgroup label={t("wall.agents")}>
            {wall.value.agents.filter((one) => one.state !== "offline" && one.id !== call.agent).map((one) => (
              <option key={one.id} value={`agent:${one.id}`}>{`${one.name || one.id} (${t(`state.${one.state}` as "state.break")})`}</option>
            ))}
          </optgroup>
          {flows.value.length > 0 && (
            <optgroup label={t("wall.flows")}>{flows.value.map((flow) => <option key={flow} value={`flow:${flow}`}>{flow}</option>)}</optgroup>
          )}
        </select>
        {!talks && (
          <label class="check">
            <input type="checkbox" checked={first.value} data-testid="move-first" onChange={(event) => (first.value = event.currentTarget.checked)} />
            {t("wall.move.first")}
          </label>
        )}
        <button type="submit" class="primary" disabled={to.value === "" && !first.value} data-testid="move-send">{t("wall.move.send")}</button>
      </div>
    </form>
  );
}
