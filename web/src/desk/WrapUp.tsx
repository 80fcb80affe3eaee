import type { JSX } from "preact";
import { length, t } from "../i18n";
import { FollowUp, followUpFault } from "./call/FollowUp";
import { outcome, Outcomes } from "./call/Outcomes";
import type { Contact } from "./model";
import { desk, draft, extendWrapUp, finish, now, saving, typeNote } from "./store";

/** The note, the outcome, and in the wrap-up the way out of it. */
export function WrapUp({ contact }: { contact: Contact }): JSX.Element {
  return (
    <>
      <label class="field note">
        <span>
          {t("do.note")} <Saved />
        </span>
        <textarea
          rows={6}
          value={draft.value.note}
          placeholder={t("do.note.placeholder")}
          data-testid="note"
          onInput={(event) => typeNote(event.currentTarget.value)}
        />
      </label>
      <Outcomes />
      <FollowUp />
      {contact.phase === "wrap_up" && <Finish />}
    </>
  );
}

function Saved(): JSX.Element | null {
  if (draft.value.note === "") return null;
  return (
    <small class="saved" role="status" data-testid="note-state" data-state={saving.value}>
      {t(`do.note.${saving.value}`)}
    </small>
  );
}

function Finish(): JSX.Element {
  const until = desk.value.agent?.until ?? null;
  const left = desk.value.agent?.extensions ?? 0;
  const missing = outcome.value === null && desk.value.settings.dispositions.length > 0;
  return (
    <div class="finish">
      <button type="button" class="primary" disabled={missing || followUpFault() !== ""} data-testid="finish" onClick={() => void finish()}>
        {t("do.finish")}
      </button>
      {left > 0 && (
        <button type="button" data-testid="longer" onClick={() => void extendWrapUp()}>
          {t("do.longer", { n: left })}
        </button>
      )}
      <span class="hint" data-testid="wrap-up-left">
        {missing ? t("do.finish.hint") : ""} {until !== null && t("do.next", { time: length(until - now() + 0.99) })}
      </span>
    </div>
  );
}
