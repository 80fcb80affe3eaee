import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import * as api from "./api";
import { Panel } from "./Panel";
import { agentName, card, notice, said, wall, wordsOf } from "./store";
import { t } from "./words";

const MOST = 500;

/** A line on the desks that are open. */
export function BroadcastCard({ agents, teams }: { agents: string[]; teams: string[] }): JSX.Element {
  const text = useSignal("");
  const grave = useSignal(false);
  const team = useSignal(teams[0] ?? "");
  const sending = useSignal(false);
  const known = [...new Set(wall.value.agents.map((one) => one.team))].filter((one) => one).sort();
  const send = async (): Promise<void> => {
    sending.value = true;
    try {
      const chosen = team.value === "" ? [] : [team.value];
      const { told, away } = await api.broadcast(text.value, grave.value ? "attention" : "info", agents, chosen);
      const words = t("wall.broadcast.done", { n: told.length, away: away.length });
      if (told.length > 0) said(words);
      else notice.value = { words, kind: "danger" };
      card.value = null;
    } catch (error) {
      notice.value = { words: wordsOf(error), kind: "danger" };
    } finally {
      sending.value = false;
    }
  };
  return (
    <Panel id="card-broadcast" title={agents.length > 0 ? t("wall.tell", { name: agents.map(agentName).join(", ") }) : t("wall.broadcast.title")}>
      <form
        class="part"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <label class="field">
          <span>{t("wall.broadcast.text")}</span>
          <textarea rows={3} maxLength={MOST} required autofocus value={text.value} data-testid="broadcast-text" onInput={(event) => (text.value = event.currentTarget.value)} />
          <small class="calm figures">{text.value.length} / {MOST}</small>
        </label>
        {agents.length === 0 && (
          <label class="field">
            <span>{t("wall.broadcast.to")}</span>
            <select value={team.value} data-testid="broadcast-team" onChange={(event) => (team.value = event.currentTarget.value)}>
              <option value="">{t("wall.broadcast.all")}</option>
              {known.map((one) => <option key={one} value={one}>{t("wall.broadcast.team", { team: one })}</option>)}
            </select>
          </label>
        )}
        <label class="check">
          <input type="checkbox" checked={grave.value} onChange={(event) => (grave.value = event.currentTarget.checked)} />
          {t("wall.broadcast.grave")}
        </label>
        <div class="row">
          <button type="submit" class="primary" disabled={text.value.trim() === "" || sending.value} data-testid="broadcast-send">{t("wall.broadcast.send")}</button>
        </div>
      </form>
    </Panel>
  );
}
