import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { length } from "../i18n";
import { leftOf } from "./Agents";
import * as api from "./api";
import { MoodMark, Since } from "./bits";
import { shown } from "./figures";
import type { Agent } from "./model";
import { Facts, Panel } from "./Panel";
import { agentsById, callerOf, callsById, card, doneBy, now, order, orders, reasonName, skillNames, textOf, wall } from "./store";
import { t } from "./words";

/** One agent: what goes on and why; order a state, lend skills, say something. */
export function AgentCard({ id }: { id: string }): JSX.Element {
  const agent = agentsById.value.get(id);
  if (agent === undefined) {
    return (
      <Panel id="card-agent" title={id}>
        <p class="calm">{t("wall.agent.gone")}</p>
      </Panel>
    );
  }
  const name = agent.name || agent.id;
  // What is ordered for later has the reason and who asked for it.
  const why = agent.wanted === "" ? askedFor(agent) : [];
  return (
    <Panel id="card-agent" title={name}>
      <p class="lead">
        <b>{t(`state.${agent.state}` as "state.break")}</b>
        <Since at={agent.since} />
        <span class="calm">{[...why, leftOf(agent)].filter((part) => part).join(" · ")}</span>
      </p>
      <Story agent={agent} />
      <States agent={agent} />
      <Skills agent={agent} />
      <p>
        <button type="button" data-testid="agent-tell" onClick={() => (card.value = { kind: "broadcast", agents: [agent.id], teams: [] })}>{t("wall.tell", { name })}</button>
      </p>
    </Panel>
  );
}

/** Why a state was chosen, and by whom where it was not the agent. */
function askedFor({ reason, by }: Agent): string[] {
  return [reason === "" ? "" : reasonName(reason), by === "" ? "" : t("wall.by", { by: doneBy(by) })].filter((part) => part);
}

function Story({ agent }: { agent: Agent }): JSX.Element {
  const calls = agent.calls.flatMap((id) => callsById.value.get(id) ?? []);
  return (
    <Facts
      rows={[
        [t("wall.call"), calls.length > 0 && calls.map((call) => (
          <button key={call.id} type="button" class="link" data-testid="agent-call" onClick={() => (card.value = { kind: "call", id: call.id })}>
            {callerOf(call)} · {call.queue} <MoodMark mood={call.mood} trend={call.mood_trend} />
          </button>
        ))],
        [t("wall.then"), agent.wanted === "" ? "" : [t(`state.${agent.wanted}` as "state.break"), ...askedFor(agent)].join(" · ")],
        [t("wall.team"), [agent.team, agent.site].filter((part) => part).join(" · ")],
        [t("wall.served"), agent.state === "offline" ? "" : t("wall.served_n", { n: agent.served, missed: agent.missed })],
        [t("wall.occupied"), agent.busy === null ? "" : shown(agent.busy, "share")],
        [t("wall.strain"), agent.strain !== null && (
          <span class={agent.strain >= 0.7 ? "attention" : ""}>
            {shown(agent.strain, "share")}{agent.strain_why.length > 0 && ` · ${agent.strain_why.map(textOf).join(t("wall.comma"))}`}
          </span>
        )],
        [t("wall.devices"), agent.devices.map((one) => t(`wall.device.${one === "phone" ? "phone" : "page"}`)).join(", ") || t("wall.device.none")],
      ]}
    />
  );
}

const MINUTES = [0, 5, 10, 15, 30, 60];

/** Order a state; it counts at once, or after the call that runs. */
function States({ agent }: { agent: Agent }): JSX.Element {
  const reason = useSignal("");
  const minutes = useSignal(0);
  const send = (state: string): void => {
    const done = t("wall.ordered", { name: agent.name || agent.id, state: t(`state.${state}` as "state.break") });
    void order(api.force(agent.id, state, state === "break" ? reason.value : "", state === "break" ? minutes.value * 60 : 0), done);
  };
  return (
    <section class="part" aria-labelledby="states-title">
      <h3 id="states-title">{t("wall.states")}</h3>
      <div class="row">
        <button type="button" disabled={agent.state === "available"} data-testid="order-available" onClick={() => send("available")}>{t("state.available")}</button>
        <button type="button" disabled={agent.state === "offline"} data-testid="order-offline" onClick={() => send("offline")}>{t("state.offline")}</button>
      </div>
      <div class="row">
        <select aria-label={t("wall.reason")} value={reason.value} data-testid="order-reason" onChange={(event) => (reason.value = event.currentTarget.value)}>
          <option value="">{t("wall.no_reason")}</option>
          {wall.value.settings.breaks.map(({ name }) => <option key={name} value={name}>{reasonName(name)}</option>)}
        </select>
        <select aria-label={t("wall.minutes")} value={minutes.value} onChange={(event) => (minutes.value = Number(event.currentTarget.value))}>
          {MINUTES.map((n) => <option key={n} value={n}>{n === 0 ? t("wall.until_ended") : t("wall.for_minutes", { n })}</option>)}
        </select>
        <button type="button" data-testid="order-break" onClick={() => send("break")}>{t("wall.to_break")}</button>
      </div>
      {agent.calls.length > 0 && <p class="hint">{t("wall.after_call")}</p>}
    </section>
  );
}

const HOURS = [1, 2, 4, 8, 0];

/** Other skills for now: levels 1 to 10, 0 for none; the settings stay as they are. */
function Skills({ agent }: { agent: Agent }): JSX.Element {
  const lent = orders.value.lent[agent.id];
  const changed = useSignal<Record<string, number>>({});
  const hours = useSignal(2);
  const fresh = useSignal("");
  const known = skillNames(wall.value.agents);
  const rows = [...new Set([...Object.keys(agent.skills), ...Object.keys(lent?.skills ?? {}), ...Object.keys(changed.value)])].sort();
  const level = (skill: string): number => changed.value[skill] ?? agent.skills[skill] ?? 0;
  const name = agent.name || agent.id;
  const save = async (): Promise<void> => {
    const skills = { ...(lent?.skills ?? {}), ...changed.value };
    if (await order(api.lend(agent.id, skills, hours.value * 3600), t("wall.skills.done", { name }))) changed.value = {};
  };
  const takeBack = async (): Promise<void> => {
    if (await order(api.giveBack(agent.id), t("wall.skills.back_done", { name }))) changed.value = {};
  };
  return (
    <section class="part" aria-labelledby="skills-title">
      <h3 id="skills-title">{t("wall.skills")}</h3>
      {lent !== undefined && (
        <p class="attention" data-testid="skills-lent">
          {t("wall.skills.lent", { by: doneBy(lent.by) })}{lent.until > 0 && ` · ${t("wall.left", { time: length(lent.until - now.value) })}`}{" "}
          <button type="button" class="link" data-testid="skills-back" onClick={() => void takeBack()}>{t("wall.skills.back")}</button>
        </p>
      )}
      <div class="skills">
        {rows.map((skill) => (
          <label key={skill} class={skill in changed.value ? "skill on" : "skill"}>
            <span>{skill}</span>
            <input
              type="number"
              min="0"
              max="10"
              value={level(skill)}
              data-testid={`skill-${skill}`}
              onInput={(event) => {
                const value = Math.round(Number(event.currentTarget.value));
                if (value >= 0 && value <= 10) changed.value = { ...changed.value, [skill]: value };
              }}
            />
          </label>
        ))}
        <span class="skill-new">
          <input list="known-skills" value={fresh.value} placeholder={t("wall.skills.new")} aria-label={t("wall.skills.new")} data-testid="skill-new" onInput={(event) => (fresh.value = event.currentTarget.value)} />
          <datalist id="known-skills">{known.filter((one) => !rows.includes(one)).map((one) => <option key={one} value={one} />)}</datalist>
          <button
            type="button"
            disabled={fresh.value.trim() === ""}
            data-testid="skill-add"
            onClick={() => {
              changed.value = { ...changed.value, [fresh.value.trim()]: 5 };
              fresh.value = "";
            }}
          >
            {t("wall.skills.add")}
          </button>
        </span>
      </div>
      {Object.keys(changed.value).length > 0 && (
        <div class="row">
          <select aria-label={t("wall.minutes")} value={hours.value} onChange={(event) => (hours.value = Number(event.currentTarget.value))}>
            {HOURS.map((n) => <option key={n} value={n}>{n === 0 ? t("wall.until_back") : t("wall.for_hours", { n })}</option>)}
          </select>
          <button type="button" class="primary" data-testid="skills-save" onClick={() => void save()}>{t("wall.skills.save")}</button>
          <button type="button" onClick={() => (changed.value = {})}>{t("wall.cancel")}</button>
        </div>
      )}
    </section>
  );
}
