import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useEffect } from "preact/hooks";
import { ask, once, type Token } from "./api";
import { account, act } from "./store";
import { moment, t } from "./words";

interface Listed {
  tokens: Token[];
  scopes: string[];
}

/** Tokens for programs: made with a name, scopes and an end; the text is shown once. */
export function Tokens(): JSX.Element {
  const all = useSignal<Listed>({ tokens: [], scopes: [] });
  const made = useSignal("");
  const open = useSignal(false);
  const read = async (): Promise<void> => {
    all.value = await once<Listed>("GET", "/account/tokens").catch(() => all.value);
  };
  useEffect(() => void read(), [account.value]); // a new password may have ended them
  const make = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const days = Number(fields.get("days"));
    const body = { name: String(fields.get("name")), scopes: fields.getAll("scope").map(String), days: days > 0 ? days : null };
    const done = await act(t("account.token.done"), async () => {
      made.value = (await ask<{ token: string }>("POST", "/account/tokens", body)).token;
    });
    if (done) open.value = false;
    await read();
  };
  const drop = async (token: Token): Promise<void> => {
    await act(t("account.token.dropped", { name: token.name }), () => ask("DELETE", `/account/tokens/${token.id}`));
    await read();
  };
  return (
    <section class="card" data-testid="tokens">
      <h2>{t("account.tokens")}</h2>
      <p>{t("account.tokens.why")}</p>
      {made.value !== "" && (
        <div class="shown-once" role="status">
          <p><strong>{t("account.token.once")}</strong></p>
          <code class="secret" data-testid="token-text">{made.value}</code>
          <button type="button" onClick={() => (made.value = "")}>{t("account.recovery.kept")}</button>
        </div>
      )}
      {all.value.tokens.length === 0 && !open.value && <p class="hint">{t("account.tokens.none")}</p>}
      <ul class="rows">
        {all.value.tokens.map((one) => (
          <li key={one.id} data-testid={`token-${one.name}`}>
            <div>
              <strong>{one.name}</strong>
              <span class="hint">{one.scopes.join(" · ")}</span>
              <span class="hint">
                {one.expires_at === null ? t("account.token.never_ends") : t("account.token.ends", { at: moment(one.expires_at) })}
                {" · "}
                {one.used_at === null ? t("account.token.unused") : t("account.token.used", { at: moment(one.used_at), from: one.used_from })}
              </span>
            </div>
            <button type="button" onClick={() => void drop(one)}>{t("account.token.drop")}</button>
          </li>
        ))}
      </ul>
      {open.value ? (
        <form class="make" onSubmit={(event) => void make(event)}>
          <label class="field">
            <span>{t("account.token.name")}</span>
            <input name="name" required maxLength={80} placeholder={t("account.token.example")} data-testid="token-name" />
          </label>
          <label class="field">
            <span>{t("account.token.days")}</span>
            <select name="days" data-testid="token-days">
              {[30, 90, 365].map((days) => <option key={days} value={days}>{t("account.token.n_days", { n: days })}</option>)}
              <option value="0">{t("account.token.never_ends")}</option>
            </select>
          </label>
          <fieldset class="field">
            <legend>{t("account.token.scopes")}</legend>
            <div class="scopes">
              {all.value.scopes.map((scope) => (
                <label key={scope} class="check"><input type="checkbox" name="scope" value={scope} data-testid={`scope-${scope}`} /> <code>{scope}</code></label>
              ))}
            </div>
          </fieldset>
          <footer>
            <button type="button" onClick={() => (open.value = false)}>{t("account.cancel")}</button>
            <button type="submit" class="primary" data-testid="token-make">{t("account.token.make")}</button>
          </footer>
        </form>
      ) : (
        <button type="button" data-testid="token-new" onClick={() => (open.value = true)}>{t("account.token.new")}</button>
      )}
    </section>
  );
}
