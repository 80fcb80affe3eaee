import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { t } from "../i18n";
import { login, type LoginOutcome } from "../net/api";
import { Brand } from "./Brand";
import { Switches } from "./Switches";

interface Props {
  title: string;
  hint: string;
  /** Said above the form where there is something to say first. */
  first?: string;
  enter(): void;
}

export function SignIn({ title, hint, first = "", enter }: Props): JSX.Element {
  const outcome = useSignal<LoginOutcome | "asking" | null>(null);
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    outcome.value = "asking";
    const result = await login(String(fields.get("username")), String(fields.get("password")));
    outcome.value = result;
    if (result === "ok") enter();
  };
  const wrong = outcome.value !== null && outcome.value !== "asking" && outcome.value !== "ok";
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
          <p class="hint danger" role="alert" data-testid="login-error">
            {wrong ? t(`login.${outcome.value}` as "login.wrong") : ""}
          </p>
          <button class="primary" type="submit" disabled={outcome.value === "asking"} data-testid="login-submit">
            {t("login.submit")}
          </button>
          <p class="hint">{hint}</p>
        </form>
      </main>
    </div>
  );
}
