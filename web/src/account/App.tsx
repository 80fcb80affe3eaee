import type { JSX, TargetedEvent } from "preact";
import { Brand } from "../ui/Brand";
import { Icon } from "../ui/icons";
import { Nav } from "../ui/Nav";
import { SignIn } from "../ui/SignIn";
import { Switches } from "../ui/Switches";
import { ask, type Account } from "./api";
import { Prove } from "./Prove";
import { Lines, Sessions } from "./Sessions";
import { account, act, begin, leave, said, state } from "./store";
import { Tokens } from "./Tokens";
import { Totp } from "./Totp";
import { called, moment, t } from "./words";

/** One's own account: who one is here, and how one proves it. */
export function App(): JSX.Element {
  if (state.value === "signed_out") return <SignIn title={t("account.signin")} hint={t("account.signin.hint")} enter={() => void begin()} />;
  const who = account.value;
  return (
    <div class="account" data-testid="account">
      <header class="page-top">
        <Brand />
        <Nav here="account" />
        <div class="top-end">
          <Switches />
          <button type="button" class="plain square" aria-label={t("desk.signout")} title={t("desk.signout")} data-testid="sign-out" onClick={() => void leave()}>
            <Icon name="out" />
          </button>
        </div>
      </header>
      <main>
        {state.value === "checking" && <p class="calm" role="status">{t("account.loading")}</p>}
        {state.value === "away" && <Away />}
        {who !== null && <Cards who={who} />}
      </main>
      <Prove />
    </div>
  );
}

function Away(): JSX.Element {
  return (
    <div class="notice danger" role="alert">
      <p>{t("account.error.offline")}</p>
      <button type="button" onClick={() => void begin()}>{t("account.again")}</button>
    </div>
  );
}

function Cards({ who }: { who: Account }): JSX.Element {
  const note = said.value;
  return (
    <>
      <div class="who">
        <h1>{who.name}</h1>
        <p>
          <code>{who.id}</code> {who.roles.map((role) => <span key={role} class="tag">{called("role", role)}</span>)}
          <span class="hint">{called("account.source", who.source.replace(/:.*/, ""))}</span>
        </p>
      </div>
      <div role={note?.kind === "danger" ? "alert" : "status"}>
        {note !== null && <p class={`notice ${note.kind}`} data-testid="said">{note.words}</p>}
      </div>
      <div class="cards">
        {who.limited !== "totp" && <Password password={who.password} limited={who.limited === "password"} />}
        {who.limited !== "password" && <Totp totp={who.totp} limited={who.limited === "totp"} />}
        {who.limited === "" && <Tokens />}
        <Sessions />
        <Lines lines={who.lines} />
      </div>
    </>
  );
}

function Password({ password, limited }: { password: Account["password"]; limited: boolean }): JSX.Element {
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const chosen = String(fields.get("password"));
    if (chosen !== String(fields.get("again"))) {
      said.value = { kind: "danger", words: t("account.password.differ") };
      return;
    }
    const body = { password: chosen, end_tokens: fields.has("end_tokens") };
    if (await act(t("account.password.done"), () => ask("POST", "/account/password", body))) form.reset();
  };
  return (
    <section class="card" data-testid="password">
      <h2>{t("account.password")}</h2>
      {limited && <p class="attention">{t("account.limited.password")}</p>}
      {!password.own && <p class="hint">{t("account.password.elsewhere")}</p>}
      {password.own && (
        <form onSubmit={(event) => void submit(event)}>
          {password.changed_at !== null && <p class="hint">{t("account.password.since", { at: moment(password.changed_at) })}</p>}
          <label class="field">
            <span>{t("account.password.new")}</span>
            <input name="password" type="password" autocomplete="new-password" minLength={10} required data-testid="password-new" />
            <small>{t("account.password.rule")}</small>
          </label>
          <label class="field">
            <span>{t("account.password.again")}</span>
            <input name="again" type="password" autocomplete="new-password" required data-testid="password-again" />
          </label>
          <label class="check">
            <input type="checkbox" name="end_tokens" data-testid="password-tokens" /> {t("account.password.tokens")}
          </label>
          <button type="submit" class="primary" data-testid="password-set">{t("account.password.set")}</button>
        </form>
      )}
    </section>
  );
}
