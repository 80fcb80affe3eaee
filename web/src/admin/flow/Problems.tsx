import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { audioUrl } from "../api";
import { href } from "../route";
import { mayWrite } from "../store";
import { called, t } from "../words";
import type { Workspace } from "./workspace";

/** What stands at the cursor, in one line that never moves. */
export function AtCursor({ workspace }: { workspace: Workspace }): JSX.Element {
  const about = workspace.about.value;
  const { line, column } = workspace.cursor.value;
  return (
    <div class="at-cursor" data-testid="at-cursor">
      <span class="figures calm">
        {line}:{column}
      </span>
      {about === null && workspace.current.value !== "" && <span class="calm">{t("flow.in_state", { name: workspace.current.value })}</span>}
      {about !== null && (
        <span class="about">
          <b>{about.name}</b> <span class="calm">{called("kind", about.kind)}</span> {about.words}
          {Object.entries(about.texts).map(([code, text]) => (
            <span key={code} class="said">
              <span class="calm">{code}</span> {text}
              {about.recorded.includes(code) && <Listen language={code} name={about.name} />}
            </span>
          ))}
          {about.line !== null && (
            <button type="button" class="plain" onClick={() => workspace.goTo(about.line ?? 1, 1, true)}>
              {t("flow.to_line", { line: about.line })}
            </button>
          )}
          {about.kind === "prompt" && (
            <a href={href("prompts", [about.name])} data-testid="to-prompt">
              {mayWrite() ? t("flow.record_again") : t("flow.open_prompt")}
            </a>
          )}
        </span>
      )}
    </div>
  );
}

export function Listen({ language, name, query = "" }: { language: string; name: string; query?: string }): JSX.Element {
  const listen = (): void => {
    playing?.pause();
    playing = new Audio(audioUrl(language, name, query));
    void playing.play().catch(() => undefined);
  };
  return (
    <button type="button" class="plain listen" aria-label={t("prompt.listen_to", { name: `${name} ${language}` })} data-testid={`listen-${name}-${language}`} onClick={listen}>
      <span aria-hidden="true">▶</span>
    </button>
  );
}
let playing: HTMLAudioElement | undefined;

/** Every problem of the text, each with its place, its cure and the page of the reference. */
export function Problems({ workspace }: { workspace: Workspace }): JSX.Element {
  const open = useSignal(true);
  const all = workspace.problems.value;
  const errors = workspace.errors.value;
  const warnings = all.length - errors;
  const summary = errors > 0 ? t("problems.errors", { n: errors }) : warnings > 0 ? t("problems.warnings", { n: warnings }) : t("problems.none");
  const kind = errors > 0 ? "danger" : warnings > 0 ? "attention" : "good";
  return (
    <section class="problems" aria-label={t("problems.label")} data-testid="problems" data-errors={errors} data-warnings={warnings} data-checking={workspace.checking.value}>
      <button type="button" class="plain summary" aria-expanded={open.value && all.length > 0} disabled={all.length === 0} onClick={() => (open.value = !open.value)}>
        <span class={`shape ${kind}`} aria-hidden="true" />
        <span class={kind} role="status">{summary}</span>
        {errors > 0 && warnings > 0 && <span class="attention">{t("problems.warnings", { n: warnings })}</span>}
      </button>
      {open.value && all.length > 0 && (
        <ol>
          {all.map((one, n) => (
            <li key={n} data-testid="problem" data-code={one.code}>
              <span class={`shape ${one.severity === "error" ? "danger" : "attention"}`} role="img" aria-label={one.severity === "error" ? t("problems.error") : t("problems.warning")} />
              <button type="button" class="place figures" onClick={() => workspace.goTo(one.line, one.column, true)} data-testid="problem-place">
                {one.line}:{one.column}
              </button>
              <span class="what">
                <span>{one.message}</span>
                {one.cure !== "" && <span class="cure">{one.cure}</span>}
              </span>
              {one.link === "" ? (
                <span class="calm code">{one.code}</span>
              ) : (
                <a class="code" href={one.link} target="_blank" rel="noopener">
                  {one.code}
                </a>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
