import type { JSX } from "preact";
import { CallBar } from "./CallBar";
import { Columns } from "./Columns";
import { useHotKeys } from "./hotkeys";
import { Notices } from "./Notices";
import { Replaced } from "./Replaced";
import { SignIn } from "./SignIn";
import { account, desk, link } from "./store";
import { TopBar } from "./TopBar";
import { t } from "../i18n";
import { InboxView } from "../inbox/Lazy";
import { view } from "../inbox/store";

export function App(): JSX.Element {
  useHotKeys();
  if (account.value === "signed_out" || account.value === "not_allowed") return <SignIn />;
  if (link.value === "replaced") return <Replaced />;
  const ready = account.value === "signed_in" && desk.value.ready;
  return (
    <div class="desk" data-testid="desk" data-link={link.value} data-agent-state={desk.value.agent?.state ?? ""}>
      <TopBar />
      <Notices />
      {ready ? (
        view.value === "inbox" ? (
          <InboxView />
        ) : (
          <Columns />
        )
      ) : (
        <main class="loading" data-testid="loading">
          <p role="status">{t("desk.loading")}</p>
        </main>
      )}
      <CallBar />
    </div>
  );
}
