import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { once, proof, wordsOf } from "./api";
import { t } from "./words";
import { Window } from "./Window";

/** Asks for the password once more, where the server wants it before rights are changed. */
export function Prove(): JSX.Element | null {
  const wanted = proof.value;
  const failed = useSignal("");
  if (wanted === null) return null;
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    try {
      await once("POST", "/account/prove", { password: String(fields.get("password")), code: String(fields.get("code") ?? "") });
      failed.value = "";
      wanted.done(true);
    } catch (error) {
      failed.value = wordsOf(error);
    }
  };
  return (
    <Window
      title={t("account.prove")}
      id="prove"
      close={() => {
        failed.value = "";
        wanted.done(false);
      }}
    >
      <form onSubmit={(event) => void submit(event)}>
        <p>{t("account.prove.why")}</p>
        <label class="field">
          <span>{t("login.password")}</span>
          <input name="password" type="password" autocomplete="current-password" required autofocus data-testid="prove-password" />
        </label>
        {wanted.code && (
          <label class="field">
            <span>{t("login.code")}</span>
            <input name="code" inputMode="numeric" autocomplete="one-time-code" required data-testid="prove-code" />
          </label>
        )}
        <p class="danger" role="alert" data-testid="prove-error">{failed.value}</p>
        <footer>
          <button type="button" onClick={() => wanted.done(false)}>{t("account.cancel")}</button>
          <button type="submit" class="primary" data-testid="prove-submit">{t("account.prove.go")}</button>
        </footer>
      </form>
    </Window>
  );
}
