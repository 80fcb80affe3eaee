import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import * as api from "./api";
import type { Contact } from "./model";
import { CardSelect, usePeople } from "./people";
import { go } from "./route";
import { act, who } from "./store";
import { t } from "./words";

/** Have several people judge the same contact, each without seeing the others. */
export function CalibrateForm({ contact, card, cancel }: { contact: Contact; card: string; cancel(): void }): JSX.Element {
  const people = usePeople().reviewers.filter((one) => one.id !== contact.agent_id);
  const title = useSignal("");
  const chosen = useSignal(card);
  const evaluators = useSignal<string[]>([who.value.id]);
  const reference = useSignal("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const right = evaluators.value.includes(reference.value) ? reference.value : "";
    const body = { contact: contact.id, card: chosen.value, title: title.value.trim(), evaluators: evaluators.value, reference: right };
    const done = await act(api.calibrate(body), t("calibration.begun"));
    if (done !== null) go("calibration", done.id);
  };
  const flip = (id: string, on: boolean): void => {
    evaluators.value = on ? [...evaluators.value, id] : evaluators.value.filter((one) => one !== id);
  };
  return (
    <form class="calibrate" onSubmit={(event) => void send(event)} data-testid="calibrate-form">
      <h3>{t("calibration.begin")}</h3>
      <p class="sub">{t("calibration.hint")}</p>
      <label class="field">
        <span>{t("calibration.title")}</span>
        <input maxLength={200} value={title.value} onInput={(event) => (title.value = event.currentTarget.value)} />
      </label>
      <CardSelect label={t("card.which")} all={t("card.fitting")} value={chosen.value} choose={(name) => (chosen.value = name)} />
      <fieldset class="field">
        <legend>{t("calibration.who")}</legend>
        {people.map(({ id, name }) => (
          <label key={id} class="check">
            <input type="checkbox" checked={evaluators.value.includes(id)} data-testid={`evaluator-${id}`} onChange={(event) => flip(id, event.currentTarget.checked)} />
            {name || id}
          </label>
        ))}
      </fieldset>
      <label class="field">
        <span>{t("calibration.reference")}</span>
        <select value={reference.value} onChange={(event) => (reference.value = event.currentTarget.value)}>
          <option value="">{t("calibration.reference.none")}</option>
          {people.filter((one) => evaluators.value.includes(one.id)).map(({ id, name }) => <option key={id} value={id}>{name || id}</option>)}
        </select>
      </label>
      <div class="row">
        <button type="submit" class="primary" disabled={evaluators.value.length < 2} data-testid="calibrate-send">{t("calibration.send")}</button>
        <button type="button" class="plain" onClick={cancel}>{t("quality.cancel")}</button>
        {evaluators.value.length < 2 && <span class="sub">{t("calibration.two")}</span>}
      </div>
    </form>
  );
}
