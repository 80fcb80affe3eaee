import type { JSX } from "preact";
import { t } from "../i18n";
import { SignIn as Form } from "../ui/SignIn";
import { account, begin } from "./store";

export function SignIn(): JSX.Element {
  const first = account.value === "not_allowed" ? t("login.not_agent") : "";
  return <Form title={t("login.title")} hint={t("login.hint")} first={first} enter={() => void begin()} />;
}
