import { signal } from "@preact/signals";
import { Component, type JSX } from "preact";
import { length } from "../i18n";
import { counted, groupOf, type Group } from "./figures";
import { MoodMark, Since } from "./bits";
import type { Agent } from "./model";
import { callsById, card, now, orders, part, reasonName, scope, tv } from "./store";
import { t } from "./words";

const GROUPS: Group[] = ["free", "talking", "wrap_up", "break", "breathing", "offline"];
const SHAPE: Record<Group, string> = { free: "good", talking: "talking", wrap_up: "waiting", break: "attention", breathing: "", offline: "" };

/** Agents on a television with all that is known of them; more are drawn smaller. */
const MOST_WIDE = 30;

/** Which states are drawn; who is away does not take up room until somebody asks. */
const wanted = signal<ReadonlySet<Group>>(new Set(["free", "talking", "wrap_up", "break", "breathing"]));

/** Everybody on duty, always in the same place: by team and name. */
export function Agents(): JSX.Element {
  const all = part.agents.value;
  const counts = counted(all);
  const drawn = all.filter((one) => wanted.value.has(groupOf(one)) && inScope(one)).sort(byTeam);
  return (
    <section class="block agents" aria-labelledby="agents-title" data-testid="agents">
      <header class="head">
        <h2 id="agents-title">{t("wall.agents")}</h2>
        <div class="chips" role="group" aria-label={t("wall.agents.show")}>
          {GROUPS.filter((group) => group !== "breathing" || counts.breathing > 0).map((group) => (
            <button
              key={group}
              type="button"
              class="chip"
              aria-pressed={wanted.value.has(group)}
              data-testid={`group-${group}`}
              onClick={() => toggle(group)}
            >
              <span class={`shape ${SHAPE[group]}`} aria-hidden="true" />
              {t(`wall.group.${group}`)} <b class="figures">{counts[group]}</b>
            </button>
          ))}
        </div>
      </header>
      {drawn.length === 0 ? (
        <p class="calm blank" data-testid="agents-none">{all.length === 0 ? t("wall.agents.none") : t("wall.agents.none_here")}</p>
      ) : (
        <ul class={tv.value && drawn.length > MOST_WIDE ? "tiles dense" : "tiles"}>{drawn.map((agent) => <Tile key={agent.id} agent={agent} lent={agent.id in orders.value.lent} tv={tv.value} />)}</ul>
      )}
    </section>
  );
}

function toggle(group: Group): void {
  const next = new Set(wanted.value);
  if (!next.delete(group)) next.add(group);
  wanted.value = next;
}

/** With a queue chosen: who talks for it, and who has no call. */
function inScope(agent: Agent): boolean {
  return scope.value === "" || agent.queue === "" || agent.queue === scope.value;
}

/** Made once: a list of 300 is sorted ten times a second. Agent 9 comes before agent 10. */
const byWords = new Intl.Collator(undefined, { numeric: true });

function byTeam(a: Agent, b: Agent): number {
  return byWords.compare(a.team, b.team) || byWords.compare(a.name, b.name) || byWords.compare(a.id, b.id);
}

interface TileProps {
  agent: Agent;
  lent: boolean;
  tv: boolean;
}

/** One agent; drawn again only where the row is another. The clock in it moves by itself. */
class Tile extends Component<TileProps> {
  override shouldComponentUpdate(next: TileProps): boolean {
    return next.agent !== this.props.agent || next.lent !== this.props.lent || next.tv !== this.props.tv;
  }

  override render({ agent, lent, tv: shown }: TileProps): JSX.Element {
    const group = groupOf(agent);
    const inside = (
      <>
        <span class="tile-name">
          <span class={`shape ${SHAPE[group]}`} aria-hidden="true" />
          <b>{agent.name || agent.id}</b>
          {lent && <span class="flag" title={t("wall.lent")}>＋</span>}
        </span>
        <span class="tile-state">
          <StateWords agent={agent} />
          <Since at={agent.since} />
        </span>
        <span class="tile-more">
          <Doing agent={agent} />
          <Strain agent={agent} />
        </span>
      </>
    );
    return (
      <li data-testid={`agent-${agent.id}`} data-state={agent.state}>
        {shown ? (
          <div class={`tile ${group}`}>{inside}</div>
        ) : (
          <button type="button" class={`tile ${group}`} onClick={() => (card.value = { kind: "agent", id: agent.id })}>{inside}</button>
        )}
      </li>
    );
  }
}

export function StateWords({ agent }: { agent: Agent }): JSX.Element {
  const reason = agent.reason !== "" && (agent.state === "break" || agent.state === "offline") ? reasonName(agent.reason) : "";
  return <span class="words">{agent.breathing ? t("wall.breathing") : reason || t(`state.${agent.state}` as "state.break")}</span>;
}

/** The call: its queue and the caller's mood. */
function Doing({ agent }: { agent: Agent }): JSX.Element {
  const call = callsById.value.get(agent.calls[0] ?? "");
  return (
    <span class="doing">
      <MoodMark mood={agent.mood} trend={call?.mood_trend ?? ""} bare />
      <span class="calm">{agent.queue}</span>
    </span>
  );
}

/** From 0.4 on a bar; from 0.7 on it says that somebody should look. */
export function Strain({ agent }: { agent: Agent }): JSX.Element | null {
  const level = agent.strain;
  if (level === null || level < 0.4) return null;
  const high = level >= 0.7;
  const words = t(high ? "wall.strain.high" : "wall.strain.some", { n: Math.round(level * 100) });
  return (
    <span class={`strain ${high ? "attention" : "calm"}`} title={words} data-testid="strain">
      {high && <span class="shape attention" aria-hidden="true" />}
      <span class="unseen">{words}</span>
      <svg viewBox="0 0 40 6" aria-hidden="true">
        <rect class="rail" width="40" height="6" rx="3" />
        <rect class="fill" width={40 * level} height="6" rx="3" />
      </svg>
    </span>
  );
}

/** What is left of a break or a wrap-up, where that ends by itself. */
export function leftOf(agent: Agent): string {
  return agent.until === null ? "" : t("wall.left", { time: length(agent.until - now.value) });
}
