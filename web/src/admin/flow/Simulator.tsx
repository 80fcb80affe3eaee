import { effect, useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { languageName } from "../../i18n";
import { KeyPad } from "../../ui/KeyPad";
import { Icon } from "../../ui/icons";
import type { LogEntry, View } from "../api";
import { names } from "../store";
import { called, t } from "../words";
import { Conversation, type Given } from "./conversation";
import { Listen } from "./Problems";
import type { Workspace } from "./workspace";

const WAITS = [1, 5, 10, 30] as const;

/** A chat with the text as it stands, on a clock of its own. */
export function Simulator({ workspace }: { workspace: Workspace }): JSX.Element {
  const [talk] = useState(
    () => new Conversation(workspace.name, () => workspace.document.text.peek(), () => workspace.outline.peek().languages, (state) => (workspace.playing.value = state)),
  );
  const setup = useSignal(false);
  const keys = useSignal(false);
  useEffect(() => {
    void talk.start();
    const end = effect(() => {
      void workspace.document.text.value;
      talk.typed();
    });
    return () => {
      end();
      talk.close();
    };
  }, [talk]);
  const view = talk.view.value;
  const ended = view === null || Boolean(view.ended);
  return (
    <section class="simulator" aria-label={t("try.label")} data-testid="simulator" data-state={view?.state ?? ""} data-ended={ended}>
      <div class="bar">
        <button type="button" onClick={() => void talk.start()} disabled={talk.busy.value} data-testid="try-restart">{t("try.restart")}</button>
        <button type="button" class="plain toggle" aria-pressed={setup.value} onClick={() => (setup.value = !setup.value)} data-testid="try-setup">{t("try.given")}</button>
        {talk.outdated.value && <span class="attention">{t("try.outdated")}</span>}
        {view !== null && <Where view={view} workspace={workspace} />}
      </div>
      {setup.value && <Setup talk={talk} workspace={workspace} done={() => (setup.value = false)} />}
      <Log entries={talk.log.value} workspace={workspace} />
      {talk.failed.value !== "" && <p class="danger pad" role="alert" data-testid="try-error">{talk.failed.value}</p>}
      {view !== null && <Memory view={view} />}
      {keys.value && !ended && <KeyPad onPress={(digit) => void talk.act({ act: "press", keys: digit })} disabled={talk.busy.value} />}
      <Say talk={talk} ended={ended} keys={keys.value} toggleKeys={() => (keys.value = !keys.value)} />
      <Acts talk={talk} view={view} ended={ended} />
    </section>
  );
}

function Where({ view, workspace }: { view: View; workspace: Workspace }): JSX.Element {
  return (
    <span class="where">
      <button type="button" class="plain" onClick={() => view.line !== null && workspace.goTo(view.line, 1, true)} data-testid="try-state">
        {view.state === "" ? "–" : view.state}
      </button>
      <span class="calm figures">{view.at.toFixed(1)} s</span>
      {view.timers.slice(0, 2).map((timer) => (
        <span key={timer.name} class="chip figures" title={t("try.timer")}>
          {called("timer", timer.name)} {timer.in_seconds.toFixed(1)} s
        </span>
      ))}
    </span>
  );
}

function Log({ entries, workspace }: { entries: readonly LogEntry[]; workspace: Workspace }): JSX.Element {
  const box = useRef<HTMLOListElement>(null);
  useEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [entries.length]);
  return (
    <ol class="chat" ref={box} tabIndex={0} aria-label={t("try.log")} aria-live="polite" data-testid="try-log">
      {entries.length === 0 && <li class="calm">{t("try.empty")}</li>}
      {entries.map((entry, n) => (
        <li key={n} class={`turn ${entry.kind}`} data-testid={`log-${entry.kind}`}>
          <Turn entry={entry} workspace={workspace} />
        </li>
      ))}
    </ol>
  );
}

function Turn({ entry, workspace }: { entry: LogEntry; workspace: Workspace }): JSX.Element {
  // A sub-flow has lines of its own: they are not in this text.
  const away = entry.flow !== undefined && entry.flow !== workspace.name ? `${entry.flow} · ` : "";
  const jump = entry.line === undefined || away !== "" ? null : (): void => workspace.goTo(entry.line ?? 1, entry.column ?? 1, true);
  if (entry.kind === "bot") {
    return (
      <p lang={entry.language ?? ""}>
        {entry.text}
        {(entry.prompts ?? []).filter((one) => one.name !== "").slice(0, 4).map((one, n) => (
          <Listen key={n} language={one.language} name={one.name} />
        ))}
      </p>
    );
  }
  if (entry.kind === "caller") {
    return (
      <p>
        {entry.medium === "hang_up" ? t("cause.hangup") : entry.text}
        {entry.understood !== undefined && entry.understood !== "" && (
          <small>
            {entry.understood}
            {entry.confidence != null && ` ${entry.confidence.toFixed(2)}`}
          </small>
        )}
      </p>
    );
  }
  if (entry.kind === "state") {
    return (
      <button type="button" class="plain" onClick={jump ?? undefined} disabled={jump === null}>
        → {away}{entry.state ?? entry.text}
      </button>
    );
  }
  if (entry.kind === "edge") {
    return (
      <button type="button" class="plain" onClick={jump ?? undefined} disabled={jump === null}>
        {entry.key ?? entry.text}
      </button>
    );
  }
  if (entry.kind === "end") return <p>{t("try.ended", { cause: called("cause", entry.cause ?? entry.text) })}</p>;
  if (entry.kind === "timer") return <p class="figures">{`${called("timer", entry.name ?? "")} ${entry.seconds ?? ""} s`}</p>;
  return (
    <p>
      {entry.name !== undefined && entry.name !== entry.text && <b>{entry.name}</b>} {entry.text} <Details data={entry.data} />
    </p>
  );
}

/** What a command was told, in a few words. */
function Details({ data }: { data: unknown }): JSX.Element | null {
  if (data === null || typeof data !== "object") return null;
  const parts = Object.entries(data).filter(([, value]) => value !== null && value !== "" && !isEmpty(value));
  if (parts.length === 0) return null;
  const words = parts.map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ");
  return <span class="details">{words.length > 160 ? `${words.slice(0, 159)}…` : words}</span>;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

function Memory({ view }: { view: View }): JSX.Element | null {
  const parts: [string, unknown][] = [
    ...Object.entries(view.slots).map(([name, value]): [string, unknown] => [`slots.${name}`, value]),
    ...Object.entries(view.vars).map(([name, value]): [string, unknown] => [`vars.${name}`, value]),
    ...(view.tags.length > 0 ? [["tags", view.tags.join(", ")] as [string, unknown]] : []),
    ...(isEmpty(view.result) ? [] : [["result", view.result] as [string, unknown]]),
    ...(isEmpty(view.queue) ? [] : [["queue", view.queue] as [string, unknown]]),
  ];
  if (parts.length === 0) return null;
  return (
    <ul class="memory" aria-label={t("try.memory")} data-testid="try-memory">
      {parts.map(([name, value]) => (
        <li key={name} class="chip">
          <span class="calm">{name}</span> {typeof value === "string" ? value : JSON.stringify(value)}
        </li>
      ))}
    </ul>
  );
}

function Say({ talk, ended, keys, toggleKeys }: { talk: Conversation; ended: boolean; keys: boolean; toggleKeys(): void }): JSX.Element {
  const submit = (event: TargetedEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem("words") as HTMLInputElement;
    const words = field.value.trim();
    if (words === "") return;
    field.value = "";
    void talk.act(/^[0-9*#]+$/.test(words) && keys ? { act: "press", keys: words } : { act: "say", text: words });
  };
  return (
    <form class="say" onSubmit={submit}>
      <button type="button" class="square" aria-pressed={keys} aria-label={t("keys.label")} title={t("keys.label")} disabled={ended} onClick={toggleKeys} data-testid="try-keys">
        <Icon name="keys" />
      </button>
      <input name="words" autocomplete="off" placeholder={ended ? t("try.over") : t("try.say")} aria-label={t("try.say")} disabled={ended} data-testid="try-say" />
      <button type="submit" class="primary" disabled={ended} data-testid="try-send">{t("try.send")}</button>
    </form>
  );
}

function Acts({ talk, view, ended }: { talk: Conversation; view: View | null; ended: boolean }): JSX.Element {
  const queued = view?.phase === "queue" || view?.phase === "bridge" || view?.phase === "park";
  const outcomes = view?.phase === "bridge" ? ["done", "busy", "no_answer", "failed"] : ["served", "no_agents", "timeout", "closed", "full"];
  return (
    <div class="acts">
      <span class="group" role="group" aria-label={t("try.wait")}>
        <span class="calm">{t("try.wait")}</span>
        {WAITS.map((seconds) => (
          <button key={seconds} type="button" disabled={ended} onClick={() => void talk.act({ act: "wait", seconds })} data-testid={`try-wait-${seconds}`}>
            {seconds} s
          </button>
        ))}
      </span>
      {queued && (
        <span class="group" role="group" aria-label={t("try.queue")}>
          <span class="calm">{t("try.queue")}</span>
          {outcomes.map((outcome) => (
            <button key={outcome} type="button" onClick={() => void talk.act({ act: "queue", outcome })} data-testid={`try-queue-${outcome}`}>
              {called("outcome", outcome)}
            </button>
          ))}
        </span>
      )}
      <button type="button" class="hangup" disabled={ended} onClick={() => void talk.act({ act: "hang_up" })} data-testid="try-hang-up">
        <Icon name="hangup" /> {t("try.hang_up")}
      </button>
    </div>
  );
}

/** Who calls, when, in which language, and what the sources answer. */
function Setup({ talk, workspace, done }: { talk: Conversation; workspace: Workspace; done(): void }): JSX.Element {
  const given = talk.given.value;
  const set = (part: Partial<Given>): void => talk.change(part);
  const operations = (names.value?.sources ?? []).flatMap((source) => source.operations.map((one) => `${source.name}.${one}`));
  const lookup = (n: number, part: Partial<Given["lookups"][number]>): void =>
    set({ lookups: given.lookups.map((one, at) => (at === n ? { ...one, ...part } : one)) });
  return (
    <div class="setup" data-testid="try-given">
      <div class="row">
        <label class="field">
          <span>{t("try.language")}</span>
          <select value={given.language} onChange={(event) => set({ language: event.currentTarget.value })} data-testid="try-language">
            <option value="">{t("try.language.first")}</option>
            {workspace.outline.value.languages.map((code) => (
              <option key={code} value={code}>{languageName(code)}</option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{t("try.time")}</span>
          <input type="datetime-local" value={given.at} onInput={(event) => set({ at: event.currentTarget.value })} />
        </label>
        <label class="field">
          <span>{t("try.number")}</span>
          <input value={given.number} onInput={(event) => set({ number: event.currentTarget.value })} />
        </label>
      </div>
      <label class="field">
        <span>{t("try.profile")}</span>
        <textarea rows={3} value={given.profile} placeholder={'{"name": "李强", "tier": "gold"}'} onInput={(event) => set({ profile: event.currentTarget.value })} data-testid="try-profile" />
      </label>
      <label class="check">
        <input type="checkbox" checked={given.asr} onChange={(event) => set({ asr: event.currentTarget.checked })} /> {t("try.asr")}
      </label>
      <h2>{t("try.lookups")}</h2>
      <datalist id="operations">{operations.map((one) => <option key={one} value={one} />)}</datalist>
      {given.lookups.map((one, n) => (
        <div class="row lookup" key={n}>
          <input list="operations" value={one.call} placeholder="billing.balance" aria-label={t("try.lookup")} onInput={(event) => lookup(n, { call: event.currentTarget.value })} />
          <select value={one.outcome} aria-label={t("try.outcome")} onChange={(event) => lookup(n, { outcome: event.currentTarget.value })}>
            {["found", "not_found", "timeout", "error", "down"].map((outcome) => (
              <option key={outcome} value={outcome}>{called("outcome", outcome)}</option>
            ))}
          </select>
          <input value={one.result} placeholder={'{"amount": 128.5}'} aria-label={t("try.result")} onInput={(event) => lookup(n, { result: event.currentTarget.value })} />
          <input type="number" min={0} step={0.1} value={one.delay} aria-label={t("try.delay")} onInput={(event) => lookup(n, { delay: Number(event.currentTarget.value) })} />
          <button type="button" class="plain square" aria-label={t("admin.remove")} onClick={() => set({ lookups: given.lookups.filter((_, at) => at !== n) })}>
            <Icon name="close" />
          </button>
        </div>
      ))}
      <div class="row">
        <button type="button" onClick={() => set({ lookups: [...given.lookups, { call: "", outcome: "found", result: "", delay: 0 }] })}>{t("try.add_lookup")}</button>
        <button type="button" class="primary" onClick={() => void talk.start().then(() => talk.failed.value === "" && done())} data-testid="try-apply">{t("try.apply")}</button>
      </div>
    </div>
  );
}
