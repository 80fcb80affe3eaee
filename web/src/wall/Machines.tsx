import type { JSX } from "preact";
import type { Node, Trunk } from "./model";
import { part } from "./store";
import { t } from "./words";

/** Nodes and trunks, one line each. */
export function Machines(): JSX.Element {
  const [nodes, trunks] = [part.nodes.value, part.trunks.value];
  return (
    <section class="block machines" aria-labelledby="machines-title">
      <h2 id="machines-title">{t("wall.machines")}</h2>
      <ul data-testid="nodes">{nodes.map((node) => <NodeLine key={node.name} node={node} />)}</ul>
      {trunks.length > 0 && <ul data-testid="trunks">{trunks.map((trunk) => <TrunkLine key={trunk.name} trunk={trunk} />)}</ul>}
      {trunks.length === 0 && <p class="calm">{t("wall.no_trunks")}</p>}
    </section>
  );
}

/** An event loop that is late by this much is felt by callers. */
const LATE_MS = 20;

function NodeLine({ node }: { node: Node }): JSX.Element {
  const late = node.lag_ms !== null && node.lag_ms > LATE_MS;
  const kind = !node.alive ? "danger" : late ? "attention" : "good";
  const words = !node.alive ? t("wall.node.silent") : late ? t("wall.node.late", { n: Math.round(node.lag_ms ?? 0) }) : t("wall.node.fine");
  return (
    <li class="machine" data-testid={`node-${node.name}`} data-alive={node.alive}>
      <span class={`shape ${kind}`} aria-hidden="true" />
      <b>{node.name}</b>
      {node.leads && <span class="flag" title={t("wall.node.leads.hint")}>{t("wall.node.leads")}</span>}
      <span class={`calm figures ${kind === "good" ? "" : kind}`}>{words} · {t("wall.calls_n", { n: node.calls })}</span>
    </li>
  );
}

function TrunkLine({ trunk }: { trunk: Trunk }): JSX.Element {
  const down = trunk.down === true || (typeof trunk.down === "number" && trunk.down > 0) || trunk.registered === false;
  return (
    <li class="machine" data-testid={`trunk-${trunk.name}`} data-down={down}>
      <span class={`shape ${down ? "danger" : "good"}`} aria-hidden="true" />
      <b>{trunk.name}</b>
      <span class={`calm figures ${down ? "danger" : ""}`}>
        {down ? t("wall.trunk.down") : t("wall.trunk.up")} · {t("wall.trunk.calls", { in: trunk.calls_in, out: trunk.calls_out })}
      </span>
    </li>
  );
}
