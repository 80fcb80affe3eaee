import { signal, useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { language, t } from "../i18n";
import { login, providers, type LoginOutcome, type Provider } from "../net/api";
import { Brand } from "./Brand";
import { Switches } from "./Switches";

interface Props {
  title: string;
  hint: string;
  /** Said above the form where there is something to say first. */
  first?: string;
  enter(): void;
}

/** Ways to sign in besides a password; [] until the server has named them. */
const ways = signal<readonly Provider[]>([]);

/** How a sign-in at a provider ended that led back here: `?signin=refused`. */
function cameBack(): LoginOutcome | null {
  const told = new URLSearchParams(location.search).get("signin");
  return told === "refused" || told === "provider_away" ? told : null;
}

export function SignIn({ title, hint, first = "", enter }: Props): JSX.Element {
  const outcome = useSignal<LoginOutcome | "asking" | null>(cameBack());
  const code = useSignal(false);
  useEffect(() => void providers().then((found) => (ways.value = found)), []);
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string): string => String(fields.get(name) ?? "");
    outcome.value = "asking";
    const result = await login(text("username"), text("password"), text("code"));
    outcome.value = result;
    if (result === "code") code.value = true;
    if (result === "unfinished") location.assign("/account");
    if (result === "ok") enter();
  };
  const wrong = outcome.value !== null && !["asking", "ok", "code", "unfinished"].includes(outcome.value);
  return (
    <div class="signin">
      <header class="page-top">
        <Brand />
        <Switches />
      </header>
      <main>
        <form class="card" onSubmit={(event) => void submit(event)} data-testid="login">
          <h1>{title}</h1>
          {first !== "" && <p class="attention">{first}</p>}
          <label class="field">
            <span>{t("login.user")}</span>
            <input name="username" autocomplete="username" autocapitalize="none" required autofocus data-testid="login-user" />
          </label>
          <label class="field">
            <span>{t("login.password")}</span>
            <input
              name="password"
              type="password"
              autocomplete="current-password"
              required
              data-testid="login-password"
            />
          </label>
          {code.value && <Code />}
          <p class="hint danger" role="alert" data-testid="login-error">
            {wrong ? t(`login.${outcome.value}` as "login.wrong") : ""}
          </p>
          <button class="primary" type="submit" disabled={outcome.value === "asking"} data-testid="login-submit">
            {t("login.submit")}
          </button>
          {ways.value.map((one) => (
            <a key={one.name} class="way" href={`/api/v1/oidc/${one.name}/begin?back=${encodeURIComponent(location.pathname)}`} data-testid={`login-with-${one.name}`}>
              {t("login.with", { name: language.value === "zh" ? one.zh : one.en })}
            </a>
          ))}
          <p class="hint">{hint}</p>
        </form>
      </main>
    </div>
  );
}

/** The sign-in over a page whose session is over: what was typed stays behind it. Esc does not take it away; the focus goes back. */
export function SignInOver(props: Props): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    // What is behind may be looked at again once the whole page is drawn.
    return () => queueMicrotask(() => before instanceof HTMLElement && before.focus());
  }, []);
  return (
    <dialog ref={box} class="sign-in-over" aria-label={props.title} onCancel={(event) => event.preventDefault()} onClose={() => box.current?.showModal()}>
      <SignIn {...props} first={props.first || t("login.over")} />
    </dialog>
  );
}

/** Asked for once the password was right and the account has an app. */
function Code(): JSX.Element {
  return (
    <label class="field">
      <span>{t("login.code")}</span>
      <input name="code" inputMode="numeric" autocomplete="one-time-code" required autofocus ref={(box) => box?.focus()} data-testid="login-code" />
      <small>{t("login.code.hint")}</small>
    </label>
  );
}
