import type { JSX } from "preact";
import { length, named } from "../i18n";
import { now } from "../desk/store";
import type { Entry } from "./model";
import { choose, inbox } from "./store";
import { called, t, when } from "./words";
import { unturned } from "../i18n/fill";

function nameOf(agent: string): string {
  return unturned(inbox.value.choices.agents.find((one) => one.id === agent)?.name ?? agent);
}

/** How it ended or stands: calls have an outcome, what is written a state. */
function result({ kind, status }: Entry): string {
  return kind === "call" ? named("disposition", status) : called(kind === "thread" ? kind : "ticket", status);
}

/** Calls, messages, tickets and callbacks of one customer, the newest first. */
export function Timeline({ entries }: { entries: readonly Entry[] }): JSX.Element {
  if (entries.length === 0) return <p class="calm">{t("time.empty")}</p>;
  return (
    <ol class="timeline" data-testid="timeline">
      {entries.map((entry) => (
        <li key={`${entry.kind} ${entry.id}`} data-kind={entry.kind} data-testid="timeline-entry">
          <time class="figures sub">{when(entry.at, now())}</time>
          <div>
            <span class="timeline-top">
              <b>{called("reach", entry.channel)}</b>
              {entry.kind === "thread" || entry.kind === "ticket" ? (
                <button type="button" class="link" onClick={() => void choose(entry.kind as "thread" | "ticket", entry.id)}>
                  {entry.title || t("talk.messages")}
                </button>
              ) : (
                <span>{entry.kind === "call" && entry.title !== "" ? named("intent", entry.title) : entry.title}</span>
              )}
              <span class="sub">
                {result(entry)}
                {entry.agent !== "" && ` · ${nameOf(entry.agent)}`}
                {entry.seconds !== null && entry.seconds > 0 && ` · ${length(entry.seconds)}`}
              </span>
            </span>
            {entry.text !== "" && <p class="sub">{entry.text}</p>}
            {!entry.sure && (
              <span class="waiting">
                <span class="shape waiting" aria-hidden="true" /> {t("time.unsure")}
              </span>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}
