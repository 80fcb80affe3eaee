import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { length } from "../../i18n";
import { byWhom, contactVerdict } from "../../ui/why";
import { complain, wordsOf } from "../store";
import { t, type AdminKey } from "../words";
import { AgentDialog, ContactDialog } from "./Explained";
import { failed, follow, live, now, order, reasonName, type Agent, type Queue, type Waiting } from "./store";

type Shown = { kind: "agent" | "contact"; id: string } | null;

/** The queues as they are now: who waits and why, who works and what is in the way. */
export function LivePage(): JSX.Element {
  const shown = useSignal<Shown>(null);
  useEffect(follow, []);
  const all = live.value;
  const waiting = (all?.queues ?? []).flatMap((queue) => queue.contacts);
  return (
    <main class="page live" data-testid="live">
      <header class="page-head">
        <h1>{t("nav.live")}</h1>
      </header>
      {failed.value !== null && (
        <p class="notice attention" role="alert">
          <span class="shape attention" aria-hidden="true" />
          <span>{wordsOf(failed.value)}</span>
        </p>
      )}
      {all === null && failed.value === null && <p class="calm" role="status">{t("admin.loading")}</p>}
      {all !== null && (
        <>
          <Figures queues={all.queues} agents={all.agents} />
          <Contacts waiting={waiting} show={(id) => (shown.value = { kind: "contact", id })} />
          <Agents agents={all.agents} show={(id) => (shown.value = { kind: "agent", id })} />
        </>
      )}
      {shown.value?.kind === "agent" && <AgentDialog id={shown.value.id} close={() => (shown.value = null)} />}
      {shown.value?.kind === "contact" && <ContactDialog id={shown.value.id} close={() => (shown.value = null)} />}
    </main>
  );
}

function Figures({ queues, agents }: { queues: Queue[]; agents: Agent[] }): JSX.Element {
  const free = agents.filter((one) => one.state === "available").length;
  const duty = agents.filter((one) => one.on_duty).length;
  return (
    <ul class="figures-row" data-testid="live-figures">
      {queues.map((queue) => (
        <li key={queue.name} data-testid={`queue-${queue.name}`}>
          <b>{queue.name}</b>
          <span class="big figures">{queue.waiting}</span>
          <span>{queue.longest_since === null ? t("live.quiet") : t("live.longest", { time: length(now.value - queue.longest_since) })}</span>
          {typeof queue.estimated_wait === "number" && <span>{t("live.expected", { time: length(queue.estimated_wait) })}</span>}
        </li>
      ))}
      <li data-testid="live-agents-free">
        <b>{t("live.agents")}</b>
        <span class="big figures">{free}</span>
        <span>{t("live.free_of", { n: duty })}</span>
      </li>
    </ul>
  );
}

function Contacts({ waiting, show }: { waiting: Waiting[]; show(id: string): void }): JSX.Element {
  return (
    <Listed id="live-waiting" title="live.waiting" nobody="live.nobody" columns={["live.queue", "live.wait", "live.needs", "live.why"]}>
      {waiting.map((one) => (
        <tr key={one.contact} data-testid={`contact-${one.contact}`} data-verdict={one.verdict}>
          <th scope="row">{one.queue}</th>
          <td class="figures">{length(now.value - one.since)}</td>
          <td>{needsOf(one)}</td>
          <td>{contactVerdict(one)}</td>
          <td class="do">
            <button type="button" data-testid="why-contact" onClick={() => show(one.contact)}>{t("live.considered")}</button>
          </td>
        </tr>
      ))}
    </Listed>
  );
}

function needsOf(one: Waiting): string {
  const needs = Object.entries(one.needs).map(([skill, level]) => `${skill} ${level}`);
  const where = [...one.teams, ...one.sites];
  const all = [...needs, ...(one.language === "" ? [] : [one.language]), ...where].join(", ");
  const relaxed = one.steps > 0 ? ` (${t("live.step", { n: one.step, of: one.steps })})` : "";
  return (all || t("live.anybody")) + relaxed;
}

function Agents({ agents, show }: { agents: Agent[]; show(id: string): void }): JSX.Element {
  return (
    <Listed id="live-agents" title="live.agents" columns={["live.agent", "live.what", "live.since", "live.devices", "live.order"]}>
      {agents.map((one) => (
        <tr key={one.id} data-testid={`agent-${one.id}`} data-state={one.state}>
          <th scope="row">{one.name}</th>
          <td>
            <span class={`shape ${SHAPE[one.state] ?? ""}`} aria-hidden="true" /> {stateOf(one)}
          </td>
          <td class="figures">{length(now.value - one.since)}</td>
          <td>{one.devices.map((device) => t(`why.device.${device.kind}` as "why.device.page", { where: device.where })).join(", ") || "–"}</td>
          <td><Order agent={one} /></td>
          <td class="do">
            <button type="button" data-testid="why-agent" onClick={() => show(one.id)}>{t("live.no_calls")}</button>
          </td>
        </tr>
      ))}
    </Listed>
  );
}

interface ListedProps {
  id: string;
  title: AdminKey;
  /** Said instead of a table without rows. */
  nobody?: AdminKey;
  columns: AdminKey[];
  children: JSX.Element[];
}

/** Rows under their head; each ends with what can be done about it. */
function Listed({ id, title, nobody, columns, children }: ListedProps): JSX.Element {
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{t(title)}</h2>
      {nobody !== undefined && children.length === 0 ? (
        <p class="calm" data-testid="live-nobody">{t(nobody)}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-labelledby={id}>
          <table class="list" data-testid={id}>
            <thead>
              <tr>
                {columns.map((column) => <th key={column} scope="col">{t(column)}</th>)}
                <th scope="col"><span class="unseen">{t("live.do")}</span></th>
              </tr>
            </thead>
            <tbody>{children}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const SHAPE: Record<string, string> = { available: "good", reserved: "waiting", in_call: "waiting", wrap_up: "waiting", break: "attention", offline: "" };

function stateOf(one: Agent): string {
  const reason = one.reason !== "" && (one.state === "break" || one.state === "offline") ? `: ${reasonName(one.reason)}` : "";
  const until = one.until !== null ? `, ${t("live.left", { time: length(one.until - now.value) })}` : "";
  const then = one.wanted === "" ? "" : `, ${t("live.then", { state: t(`state.${one.wanted}` as "state.break") })}`;
  const by = one.by === "" ? "" : ` (${byWhom(one.by)})`;
  return t(`state.${one.state}` as "state.break") + reason + until + then + by;
}

/** Order a state; it counts at once, or after the call that runs. */
function Order({ agent }: { agent: Agent }): JSX.Element {
  const send = async (value: string): Promise<void> => {
    const [state = "", reason = ""] = value.split(":");
    try {
      await order(agent.id, state, reason);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <select
      value=""
      aria-label={t("live.order_for", { name: agent.name })}
      data-testid="order"
      onChange={(event) => {
        const { value } = event.currentTarget;
        event.currentTarget.value = "";
        if (value !== "") void send(value);
      }}
    >
      <option value="">{t("live.choose")}</option>
      <option value="available">{t("state.available")}</option>
      {(live.value?.reasons ?? []).map(({ name }) => (
        <option key={name} value={`break:${name}`}>{`${t("state.break")}: ${reasonName(name)}`}</option>
      ))}
      <option value="offline">{t("state.offline")}</option>
    </select>
  );
}
