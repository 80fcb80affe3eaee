import { signal, useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, type Flow, type FlowSummary } from "../api";
import { Dialog } from "../Dialog";
import { go, guard, href, route } from "../route";
import { complain, mayWrite, onNews, wordsOf } from "../store";
import { ago, t } from "../words";
import { Diagram } from "./Diagram";
import { Editor } from "./Editor";
import { Keeping } from "./Keeping";
import { AtCursor, Problems } from "./Problems";
import { PublishDialog } from "./PublishDialog";
import { Simulator } from "./Simulator";
import { StaleDialog } from "./StaleDialog";
import { Tests } from "./Tests";
import { Workspace, type Panel } from "./workspace";

/** `null` while they are read. */
export const flows = signal<FlowSummary[] | null>(null);

export async function readFlows(): Promise<void> {
  try {
    flows.value = (await ask<{ flows: FlowSummary[] }>("GET", "/flows")).flows;
  } catch (error) {
    if (flows.value === null) complain(error);
  }
}

export function FlowsPage(): JSX.Element {
  const name = route.value.rest[0] ?? "";
  const making = useSignal(false);
  useEffect(() => {
    void readFlows();
    return onNews((type) => ["open", "draft", "published"].includes(type) && void readFlows());
  }, []);
  const first = flows.value?.[0]?.name;
  useEffect(() => {
    if (name === "" && first !== undefined) go("flows", [first]);
  }, [name, first]);
  return (
    <div class="flows">
      <FlowList chosen={name} make={() => (making.value = true)} />
      {name === "" ? <main class="empty">{flows.value?.length === 0 && <p>{t("flows.none")}</p>}</main> : <Open key={name} name={name} />}
      {making.value && <NewFlow close={() => (making.value = false)} />}
    </div>
  );
}

function FlowList({ chosen, make }: { chosen: string; make(): void }): JSX.Element {
  const list = useRef<HTMLElement>(null);
  const there = flows.value !== null;
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [chosen, there]);
  return (
    <nav class="flow-list" ref={list} aria-label={t("flows.label")} data-testid="flow-list">
      <ul>
        {(flows.value ?? []).map((flow) => (
          <li key={flow.name}>
            <a href={href("flows", [flow.name])} aria-current={flow.name === chosen ? "page" : undefined} data-testid={`flow-${flow.name}`}>
              <b>{flow.name}</b>
              <small>
                {flow.errors > 0 ? (
                  <span class="danger"><span class="shape danger" aria-hidden="true" /> {t("problems.errors", { n: flow.errors })}</span>
                ) : flow.draft !== null ? (
                  <span class="waiting"><span class="shape waiting" aria-hidden="true" /> {t("version.draft")} · {flow.draft.by}</span>
                ) : (
                  <span>{t("flows.states", { n: flow.states })} · {flow.languages.join(" ")}</span>
                )}
              </small>
            </a>
          </li>
        ))}
      </ul>
      {flows.value === null && <p class="calm">{t("admin.loading")}</p>}
      {mayWrite() && (
        <button type="button" class="plain" onClick={make} data-testid="flow-new">
          + {t("flows.new")}
        </button>
      )}
    </nav>
  );
}

function NewFlow({ close }: { close(): void }): JSX.Element {
  const failed = useSignal("");
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name"));
    try {
      await ask<Flow>("POST", "/flows", { name });
      await readFlows();
      close();
      go("flows", [name]);
    } catch (error) {
      failed.value = wordsOf(error);
    }
  };
  return (
    <Dialog id="new-flow" title={t("flows.new")} close={close}>
      <form onSubmit={(event) => void submit(event)}>
        <label class="field">
          <span>{t("flows.name")}</span>
          <input name="name" required pattern="[A-Za-z][A-Za-z0-9_.\-]{0,63}" autocapitalize="none" autofocus data-testid="new-flow-name" />
          <small class="calm">{t("flows.name.hint")}</small>
        </label>
        <p class="danger" role="alert">{failed.value}</p>
        <footer>
          <button type="submit" class="primary" data-testid="new-flow-make">{t("flows.make")}</button>
          <button type="button" onClick={close}>{t("admin.cancel")}</button>
        </footer>
      </form>
    </Dialog>
  );
}

function Open({ name }: { name: string }): JSX.Element {
  const [workspace] = useState(() => new Workspace(name));
  useEffect(() => {
    void workspace.open();
    // A text that only this page has: the browser keeps it, but a person should know before closing the tab.
    const end = guard(() => workspace.document.keeping.value !== "kept" || workspace.test.keeping.value !== "kept");
    const save = (): void => {
      workspace.document.keepHere();
      workspace.test.keepHere();
    };
    addEventListener("pagehide", save);
    return () => {
      removeEventListener("pagehide", save);
      end();
      workspace.close();
    };
  }, [workspace]);
  const failed = workspace.failed.value;
  if (workspace.flow.value === null) {
    return <main class="empty">{failed === null ? <p role="status">{t("admin.loading")}</p> : <p class="danger" role="alert">{wordsOf(failed)}</p>}</main>;
  }
  return <Desk workspace={workspace} />;
}

const PANELS: readonly Panel[] = ["diagram", "try", "tests"];

function Desk({ workspace }: { workspace: Workspace }): JSX.Element {
  const panel = workspace.panel.value;
  return (
    <main class="flow" data-panel={panel} data-testid="flow" data-name={workspace.name}>
      <Head workspace={workspace} />
      <div class="tabs" role="tablist" aria-label={t("flow.panels")}>
        {(["text", ...PANELS] as const).map((one) => (
          <button key={one} type="button" role="tab" class={`plain tab-${one}`} aria-selected={panel === one} data-testid={`panel-${one}`} onClick={() => (workspace.panel.value = one)}>
            {t(`panel.${one}`)}
          </button>
        ))}
      </div>
      <div class="text">
        <Notices workspace={workspace} />
        <Editor
          document={workspace.document}
          label={t("flow.text", { name: workspace.name })}
          kind="flow"
          id="editor"
          workspace={workspace}
          problems={() => workspace.problems.value}
          ready={(handle) => {
            workspace.show = (text) => handle.setText(text);
            workspace.goTo = (line, column, focus) => {
              if (focus && workspace.panel.peek() !== "text" && matchMedia("(max-width: 62rem)").matches) workspace.panel.value = "text";
              requestAnimationFrame(() => handle.goTo(line, column, focus));
            };
            const line = Number(route.peek().query.get("line") ?? 0);
            if (line > 0) workspace.goTo(line, Number(route.peek().query.get("column") ?? 1), true);
          }}
        />
        <AtCursor workspace={workspace} />
        <Problems workspace={workspace} />
      </div>
      <div class="side">
        {panel === "try" ? <Simulator workspace={workspace} /> : panel === "tests" ? <Tests workspace={workspace} /> : <Diagram workspace={workspace} />}
      </div>
    </main>
  );
}

function Head({ workspace }: { workspace: Workspace }): JSX.Element {
  const publishing = useSignal(false);
  const discarding = useSignal(false);
  const flow = workspace.flow.value!;
  const differs = workspace.document.text.value !== flow.live_text;
  return (
    <header class="flow-head">
      <h1>{flow.name}</h1>
      <Keeping document={workspace.document} />
      <span class="calm live-version">
        {flow.live === null ? t("flow.never_live") : flow.live.number === null ? t("flow.live_file") : t("flow.live", { number: flow.live.number, by: flow.live.by, when: ago(flow.live.at) })}
      </span>
      <span class="spread" />
      {mayWrite() && (
        <>
          <button type="button" class="plain" onClick={() => void workspace.format()} data-testid="format">{t("flow.format")}</button>
          {differs && <button type="button" class="plain" onClick={() => (discarding.value = true)} data-testid="discard">{t("flow.discard")}</button>}
        </>
      )}
      <a class="button" href={href("versions", [flow.name])} data-testid="to-versions">{t("nav.versions")}</a>
      {mayWrite() && (
        <button type="button" class="primary" disabled={!differs} onClick={() => (publishing.value = true)} data-testid="publish">
          {t("flow.publish")}
        </button>
      )}
      {publishing.value && <PublishDialog workspace={workspace} close={() => (publishing.value = false)} />}
      {discarding.value && (
        <Dialog id="discard-dialog" title={t("flow.discard.title")} close={() => (discarding.value = false)}>
          <p>{t("flow.discard.words")}</p>
          <footer>
            <button type="button" class="hangup" data-testid="discard-yes" onClick={() => { discarding.value = false; void workspace.discard(); }}>{t("flow.discard.yes")}</button>
            <button type="button" onClick={() => (discarding.value = false)}>{t("admin.cancel")}</button>
          </footer>
        </Dialog>
      )}
    </header>
  );
}

/** Lines of trouble above the text; empty on a good day. */
function Notices({ workspace }: { workspace: Workspace }): JSX.Element {
  const choosing = useSignal(false);
  const { document } = workspace;
  return (
    <div class="notices">
      {document.stale.value !== null && (
        <div class="notice danger" role="alert" data-testid="notice-stale">
          <span class="shape danger" aria-hidden="true" />
          <p>{document.stale.value.by === "" ? t("stale.someone") : t("stale.by", { name: document.stale.value.by, when: document.stale.value.at > 0 ? ago(document.stale.value.at) : "" })}</p>
          <button type="button" onClick={() => (choosing.value = true)} data-testid="stale-open">{t("stale.compare")}</button>
        </div>
      )}
      {document.restored.value && document.stale.value === null && (
        <div class="notice waiting" role="status" data-testid="notice-restored">
          <span class="shape waiting" aria-hidden="true" />
          <p>{t("flow.restored")}</p>
        </div>
      )}
      {!document.local.value && (
        <div class="notice attention" role="alert">
          <span class="shape attention" aria-hidden="true" />
          <p>{t("flow.no_room")}</p>
        </div>
      )}
      {document.problem.value !== null && (
        <div class="notice danger" role="alert" data-testid="notice-refused">
          <span class="shape danger" aria-hidden="true" />
          <p>{wordsOf(document.problem.value)}</p>
          <button type="button" onClick={() => void document.flush()}>{t("admin.again")}</button>
        </div>
      )}
      {!mayWrite() && (
        <div class="notice waiting" role="status">
          <span class="shape waiting" aria-hidden="true" />
          <p>{t("flow.read_only")}</p>
        </div>
      )}
      {choosing.value && <StaleDialog document={document} close={() => (choosing.value = false)} />}
    </div>
  );
}
