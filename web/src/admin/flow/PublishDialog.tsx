import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { ApiError, ask, type Problem, type Version } from "../api";
import { Dialog } from "../Dialog";
import { notice, session, wordsOf } from "../store";
import { t } from "../words";
import { Diff } from "./Diff";
import type { Workspace } from "./workspace";

/** The difference first, then a note, how many callers, and when. */
export function PublishDialog({ workspace, close }: { workspace: Workspace; close(): void }): JSX.Element | null {
  const busy = useSignal(false);
  const failed = useSignal("");
  const when = useSignal<"now" | "later">("now");
  const percent = useSignal(100);
  const flow = workspace.flow.value;
  if (flow === null) return null;
  const versions = session.value?.parts.versions ?? false;
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    busy.value = true;
    failed.value = "";
    try {
      if (!(await workspace.document.flush())) throw new ApiError(409, "unsaved", t("publish.unsaved"));
      const version = await ask<Version>("POST", workspace.path("/publish"), {
        stamp: workspace.document.stamp,
        note: String(fields.get("note")).trim(),
        percent: percent.value,
        at: when.value === "later" ? seconds(fields.get("at")) : null,
        until: when.value === "later" ? seconds(fields.get("until")) : null,
      });
      notice.value = { kind: "good", words: said(version) };
      await workspace.refresh();
      close();
    } catch (error) {
      failed.value = wordsOf(error);
      if (error instanceof ApiError && error.code === "invalid") workspace.problems.value = (error.more["problems"] as Problem[] | undefined) ?? [];
      if (error instanceof ApiError && error.code === "stale") await workspace.refresh();
      busy.value = false;
    }
  };
  const errors = workspace.errors.value;
  return (
    <Dialog id="publish-dialog" title={t("publish.title", { name: flow.name })} wide close={close}>
      <Diff from={flow.live_text} to={workspace.document.text.value} fromName={t("version.live")} toName={t("version.draft")} />
      <form onSubmit={(event) => void submit(event)}>
        <label class="field">
          <span>{t("publish.note")}</span>
          <input name="note" maxLength={500} required autofocus placeholder={t("publish.note.hint")} data-testid="publish-note" />
        </label>
        <div class="row">
          <fieldset class="field">
            <legend>{t("publish.when")}</legend>
            <div class="row">
              <label class="check">
                <input type="radio" name="when" checked={when.value === "now"} onChange={() => (when.value = "now")} /> {t("publish.now")}
              </label>
              <label class="check">
                <input type="radio" name="when" checked={when.value === "later"} disabled={!versions} onChange={() => (when.value = "later")} data-testid="publish-later" /> {t("publish.later")}
              </label>
            </div>
          </fieldset>
          <label class="field">
            <span>{t("publish.percent")}</span>
            <span class="row">
              <input type="range" min={1} max={100} value={percent.value} disabled={!versions} aria-label={t("publish.percent")} onInput={(event) => (percent.value = Number(event.currentTarget.value))} />
              <output class="figures" data-testid="publish-percent">{percent.value} %</output>
            </span>
          </label>
        </div>
        {when.value === "later" && (
          <div class="row">
            <label class="field">
              <span>{t("publish.from")}</span>
              <input type="datetime-local" name="at" required />
            </label>
            <label class="field">
              <span>{t("publish.until")}</span>
              <input type="datetime-local" name="until" />
            </label>
          </div>
        )}
        {!versions && <p class="hint">{t("publish.no_versions")}</p>}
        {errors > 0 && <p class="danger"><span class="shape danger" aria-hidden="true" /> {t("publish.errors", { n: errors })}</p>}
        <p class="danger" role="alert" data-testid="publish-error">{failed.value}</p>
        <footer>
          <button type="submit" class="primary" disabled={busy.value || errors > 0} data-testid="publish-submit">
            {percent.value < 100 ? t("publish.submit_percent", { n: percent.value }) : t("publish.submit")}
          </button>
          <button type="button" onClick={close}>{t("admin.cancel")}</button>
        </footer>
      </form>
    </Dialog>
  );
}

function said(version: Version): string {
  const key = version.state === "scheduled" ? "publish.scheduled" : version.state === "rollout" ? "publish.rolling" : "publish.done";
  return t(key, { number: version.number ?? "", percent: version.percent ?? 100 });
}

function seconds(value: FormDataEntryValue | null): number | null {
  const at = typeof value === "string" && value !== "" ? new Date(value).getTime() : Number.NaN;
  return Number.isNaN(at) ? null : Math.floor(at / 1000);
}
