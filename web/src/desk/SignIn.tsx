import type { JSX } from "preact";
import { t } from "../i18n";
import { SignIn as Form } from "../ui/SignIn";
import { enter } from "./store";

export function SignIn(): JSX.Element {
  return <Form title={t("login.title")} hint={t("login.hint")} enter={enter} />;
}
