import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { draft, followUpAt, now } from "../store";
import { outcome } from "./Outcomes";
import { dateFault, fieldOf, workingDay } from "./tree";
import { t } from "./words";

const opened = signal(false);
const DAYS = [
  ["tomorrow", 1],
  ["three", 3],
  ["week", 5],
] as const;

/** Why the wrap-up cannot end yet: "" where the date is right, or none is needed. */
export function followUpFault(): "" | "past" | "far" | "none" | "needed" {
  const field = draft.value.follow_up;
  if (field === "") return outcome.value?.dated === true ? "needed" : "";
  return dateFault(field, new Date(now() * 1000));
}

/** When somebody is to come back to this: a task of this agent's with a date. */
export function FollowUp(): JSX.Element {
  const field = draft.value.follow_up;
  const needed = outcome.value?.dated === true;
  if (field === "" && !needed && !opened.value) {
    return (
      <button type="button" class="plain follow-add" data-testid="follow-add" onClick={() => (opened.value = true)}>
        {t("line.follow.add")}
      </button>
    );
  }
  const fault = followUpFault();
  return (
    <fieldset class="follow" data-testid="follow">
      <legend>{t("line.follow")}</legend>
      <div class="line-row wrap">
        {DAYS.map(([name, days]) => (
          <button key={name} type="button" data-testid={`follow-${name}`} onClick={() => followUpAt(fieldOf(workingDay(new Date(now() * 1000), days)))}>
            {t(`line.follow.${name}`)}
          </button>
        ))}
      </div>
      <input
        type="datetime-local"
        aria-label={t("line.follow")}
        aria-invalid={fault !== ""}
        aria-describedby="follow-words"
        value={field}
        min={fieldOf(new Date(now() * 1000))}
        data-testid="follow-at"
        onInput={(event) => followUpAt(event.currentTarget.value)}
      />
      <p id="follow-words" class={fault === "" ? "hint" : "hint attention"} role="status" data-testid="follow-words">
        {t(fault === "" ? "line.follow.hint" : fault === "needed" ? "line.follow.needed" : `line.follow.fault.${fault}`)}
      </p>
      {!needed && (
        <button
          type="button"
          class="plain"
          data-testid="follow-remove"
          onClick={() => {
            followUpAt("");
            opened.value = false;
          }}
        >
          {t("line.follow.remove")}
        </button>
      )}
    </fieldset>
  );
}
