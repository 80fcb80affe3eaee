import type { JSX } from "preact";
import { clock, length, t } from "../i18n";
import { Brand } from "../ui/Brand";
import { Views } from "../inbox/Views";
import { Icon, type IconName } from "../ui/icons";
import { Nav } from "../ui/Nav";
import { Switches } from "../ui/Switches";
import { toggle } from "./call/actions";
import { t as line } from "./call/words";
import type { Agent, AgentState } from "./model";
import { QueueLine } from "./QueueLine";
import { desk, leave, now, reasonName, setState } from "./store";

/** States the server gives; a person cannot choose them. */
const GIVEN: readonly AgentState[] = ["reserved", "in_call", "wrap_up"];

export function TopBar(): JSX.Element {
  const agent = desk.value.agent;
  return (
    <header class="top">
      <Brand />
      <Nav here="desk" />
      {agent !== null && <Views />}
      {agent !== null && <State agent={agent} />}
      <QueueLine queues={desk.value.queues} />
      <div class="top-end">
        {agent !== null && <span class="whose">{t("desk.of", { name: agent.name })}</span>}
        {agent !== null && (
          <>
            <TopIcon id="top-settings" icon="headset" words={line("line.settings")} onClick={() => toggle("settings")} />
            <TopIcon id="top-help" icon="help" words={line("line.help")} onClick={() => toggle("help")} />
          </>
        )}
        <Switches />
        {agent !== null && (
          <button
            type="button"
            class="plain square"
            title={t("desk.signout")}
            aria-label={t("desk.signout")}
            data-testid="sign-out"
            onClick={() => void leave()}
          >
            <Icon name="out" />
          </button>
        )}
      </div>
    </header>
  );
}

function TopIcon({ id, icon, words, onClick }: { id: string; icon: IconName; words: string; onClick(): void }): JSX.Element {
  return (
    <button type="button" class="plain square top-icon" title={words} aria-label={words} data-testid={id} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function State({ agent }: { agent: Agent }): JSX.Element {
  const given = GIVEN.includes(agent.state);
  const breaks = desk.value.settings.breaks;
  const known = agent.state === "break" && breaks.some((one) => one.name === agent.reason);
  const value = agent.state === "break" ? `break:${known ? agent.reason : ""}` : agent.state;
  return (
    <div class={`state state-${agent.state}`} data-testid="state" data-state={agent.state}>
      <span class="dot" aria-hidden="true" />
      <select
        aria-label={t("desk.state")}
        value={value}
        data-testid="state-select"
        onChange={(event) => {
          const [state, reason] = event.currentTarget.value.split(":");
          event.currentTarget.value = value;
          void setState(state as AgentState, reason ?? "");
        }}
      >
        {given && <option value={agent.state}>{t(`state.${agent.state}`)}</option>}
        <option value="available">{t("state.available")}</option>
        {agent.state === "break" && !known && (
          <option value="break:">
            {agent.reason === "" ? t("state.break") : `${t("state.break")}: ${reasonName(agent.reason)}`}
          </option>
        )}
        {breaks.map(({ name }) => (
          <option key={name} value={`break:${name}`}>
            {`${t("state.break")}: ${reasonName(name)}`}
          </option>
        ))}
        <option value="offline">{t("state.offline")}</option>
      </select>
      <time class="figures" data-testid="state-time">
        {length(now() - agent.since)}
      </time>
      {agent.state === "break" && agent.until !== null && (
        <span class="sub figures" data-testid="break-until">{t("break.until", { time: clock(agent.until) })}</span>
      )}
    </div>
  );
}
