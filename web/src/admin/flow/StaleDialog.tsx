import type { JSX } from "preact";
import { Dialog } from "../Dialog";
import { ago, t } from "../words";
import { Diff } from "./Diff";
import type { Document } from "./document";

/** Somebody else saved meanwhile: both texts, and what may be done with them. Nothing is lost whichever is chosen. */
export function StaleDialog({ document, close }: { document: Document; close(): void }): JSX.Element | null {
  const stale = document.stale.value;
  if (stale === null) return null;
  const labels = { mine: t("stale.mine"), theirs: stale.by === "" ? t("stale.theirs") : stale.by };
  const merged = document.merged(labels);
  const take = (text: string): void => {
    document.resolve(text);
    close();
  };
  return (
    <Dialog id="stale-dialog" title={t("stale.title")} wide close={close}>
      <p class="calm">
        {stale.by === "" ? t("stale.someone") : t("stale.by", { name: stale.by, when: stale.at > 0 ? ago(stale.at) : "" })}
      </p>
      <Diff from={stale.theirs} to={document.text.value} fromName={labels.theirs} toName={labels.mine} />
      <p class={merged.conflicts === 0 ? "good" : "attention"} data-testid="merge-state">
        <span class={`shape ${merged.conflicts === 0 ? "good" : "attention"}`} aria-hidden="true" />{" "}
        {merged.conflicts === 0 ? t("stale.merges") : t("stale.conflicts", { n: merged.conflicts })}
      </p>
      <footer>
        <button type="button" class="primary" data-testid="stale-merge" onClick={() => take(merged.text)}>
          {merged.conflicts === 0 ? t("stale.merge") : t("stale.merge_marked")}
        </button>
        <button type="button" data-testid="stale-mine" onClick={() => take(document.text.value)}>
          {t("stale.keep_mine")}
        </button>
        <button type="button" data-testid="stale-theirs" onClick={() => take(stale.theirs)}>
          {t("stale.take_theirs")}
        </button>
      </footer>
    </Dialog>
  );
}
