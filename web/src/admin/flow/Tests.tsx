import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { TestCase } from "../api";
import { mayWrite } from "../store";
import { t } from "../words";
import { Editor } from "./Editor";
import { Keeping } from "./Keeping";
import type { Workspace } from "./workspace";

/** The conversations that must go as written, beside the flow that they try. */
export function Tests({ workspace }: { workspace: Workspace }): JSX.Element {
  const run = workspace.run.value;
  return (
    <section class="tests" aria-label={t("tests.label")} data-testid="tests" data-passed={run?.passed ?? ""} data-failed={run?.failed ?? ""}>
      <div class="bar">
        <button type="button" class="primary" disabled={workspace.running.value} onClick={() => void workspace.runTests()} data-testid="tests-run">
          {workspace.running.value ? t("tests.running") : t("tests.run")}
        </button>
        {run !== null && (
          <span role="status" class={run.failed > 0 ? "danger" : "good"}>
            <span class={`shape ${run.failed > 0 ? "danger" : "good"}`} aria-hidden="true" />{" "}
            {run.failed > 0 ? t("tests.failed", { failed: run.failed, all: run.failed + run.passed }) : t("tests.passed", { n: run.passed })}
          </span>
        )}
        {run !== null && <span class="calm figures">{run.seconds.toFixed(2)} s</span>}
        <span class="spread" />
        <code class="file">{workspace.testFile.value}</code>
        <Keeping document={workspace.test} />
      </div>
      {run !== null && <Results workspace={workspace} />}
      <div class="tests-text">
        <Editor
          document={workspace.test}
          label={t("tests.text")}
          kind="plain"
          id="test-editor"
          workspace={workspace}
          problems={() => (workspace.run.value?.problems ?? []).filter((one) => one.file.endsWith(".test.yaml"))}
          ready={(handle) => {
            workspace.showTest = (text) => handle.setText(text);
            workspace.goToTest = (line, column) => handle.goTo(line, column, true);
          }}
        />
        {workspace.test.text.value === "" && mayWrite() && <Empty workspace={workspace} />}
      </div>
    </section>
  );
}

function Empty({ workspace }: { workspace: Workspace }): JSX.Element {
  const begin = (): void => {
    const text = `flow: ${workspace.name}\ncases:\n  - name: ${t("tests.first")}\n    call:\n      - hangs: up\n`.replace("- hangs: up", "- hangs_up");
    workspace.showTest(text);
    workspace.test.edit(text);
  };
  return (
    <div class="empty">
      <p>{t("tests.none")}</p>
      <button type="button" onClick={begin}>{t("tests.begin")}</button>
    </div>
  );
}

function Results({ workspace }: { workspace: Workspace }): JSX.Element | null {
  const run = workspace.run.value;
  const all = useSignal(false);
  if (run === null) return null;
  const failed = run.cases.filter((one) => !one.ok);
  const shown = all.value ? run.cases : failed;
  const missed = run.coverage?.missed ?? [];
  return (
    <div class="results" tabIndex={0} role="region" aria-label={t("tests.results")}>
      {run.problems.length > 0 && (
        <ol class="cases">
          {run.problems.slice(0, 20).map((one, n) => (
            <li key={n} class={one.severity === "error" ? "danger" : "attention"}>
              {one.file}:{one.line}:{one.column} {one.message} <span class="cure">{one.cure}</span>
            </li>
          ))}
        </ol>
      )}
      <ol class="cases">{shown.map((one, n) => <Case key={n} one={one} workspace={workspace} />)}</ol>
      {run.cases.length > failed.length && (
        <button type="button" class="plain toggle" aria-pressed={all.value} onClick={() => (all.value = !all.value)}>
          {t("tests.all", { n: run.cases.length })}
        </button>
      )}
      {run.coverage !== null && (
        <p class="figures">
          {t("tests.coverage", { states: percent(run.coverage.states_percent), edges: percent(run.coverage.edges_percent) })}
        </p>
      )}
      {missed.length > 0 && (
        <p class="missed">
          {t("tests.missed")}{" "}
          {missed.slice(0, 60).map((one) => (
            <button key={one.key} type="button" class="chip" onClick={() => workspace.goTo(one.line, one.column, true)}>
              {one.key}
            </button>
          ))}
        </p>
      )}
    </div>
  );
}

function Case({ one, workspace }: { one: TestCase; workspace: Workspace }): JSX.Element {
  const at = one.at ?? { line: one.line, column: 1 };
  return (
    <li data-testid="case" data-ok={one.ok}>
      <span class={`shape ${one.ok ? "good" : "danger"}`} role="img" aria-label={one.ok ? t("tests.ok") : t("tests.not_ok")} />
      <button type="button" class="place figures" onClick={() => workspace.goToTest(at.line, at.column)}>{at.line}</button>
      <span class="what">
        <b>{one.name}</b>
        {one.message !== "" && <span class="danger">{one.message}</span>}
        {one.cure !== "" && <span class="cure">{one.cure}</span>}
        {!one.ok && one.log.length > 0 && (
          <details>
            <summary>{t("tests.log")}</summary>
            <ol class="small-log">
              {one.log.map((entry, n) => (
                <li key={n} class={entry.kind}>
                  <span class="calm figures">{entry.at.toFixed(1)}</span> {entry.state ?? entry.key ?? entry.text}
                </li>
              ))}
            </ol>
          </details>
        )}
      </span>
    </li>
  );
}

function percent(value: number): string {
  return value === 100 ? "100" : value.toFixed(1);
}
