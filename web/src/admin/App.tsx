import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Brand } from "../ui/Brand";
import { Icon } from "../ui/icons";
import { Nav } from "../ui/Nav";
import { Said } from "../ui/Said";
import { SignIn, SignInOver } from "../ui/SignIn";
import { Switches } from "../ui/Switches";
import { FlowsPage } from "./flow/FlowsPage";
import { FormsPage } from "./forms/FormsPage";
import { HooksPage } from "./hooks/HooksPage";
import { LivePage } from "./live/LivePage";
import { AuditPage } from "./people/AuditPage";
import { PeoplePage } from "./people/PeoplePage";
import { PromptsPage } from "./prompts/PromptsPage";
import { ADMINS, href, route, SECTIONS } from "./route";
import { account, begin, leave, link, mayWrite, notice, session } from "./store";
import { VersionsPage } from "./versions/VersionsPage";
import { t } from "./words";

export function App(): JSX.Element {
  const who = account.value;
  if (who === "checking") return <div class="admin"><p class="calm pad" role="status">{t("admin.loading")}</p></div>;
  const gone = who !== "signed_in";
  // After the end of a session what was typed stays behind the sign-in, which is laid over it.
  if (gone && session.value === null) return <SignIn {...door(who)} />;
  return (
    <div class="admin" data-testid="admin" data-link={link.value}>
      {gone && <SignInOver {...door(who)} />}
      <div class="behind" inert={gone}>
        <Top />
        <Notices />
        <Section />
      </div>
    </div>
  );
}

type Outside = "signed_out" | "not_allowed";

function door(who: Outside): Parameters<typeof SignIn>[0] {
  const first = who === "not_allowed" ? t("admin.not_allowed") : "";
  return { title: t("admin.signin"), hint: t("admin.signin.hint"), first, enter: () => void begin() };
}

function Top(): JSX.Element {
  const here = route.value.section;
  const sections = useRef<HTMLElement>(null);
  // What was said of one page is not to stand over the next.
  useEffect(() => () => void (notice.value = null), [here]);
  useEffect(() => {
    sections.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [here]);
  return (
    <header class="top">
      <Brand />
      <Nav here="admin" />
      <nav class="sections" ref={sections} aria-label={t("admin.nav")}>
        {SECTIONS.filter((section) => !ADMINS.includes(section) || mayWrite()).map((section) => (
          <a key={section} href={href(section)} aria-current={here === section ? "page" : undefined} data-testid={`nav-${section}`}>
            {t(`nav.${section}`)}
          </a>
        ))}
      </nav>
      <div class="top-end">
        <span class="whose">{session.value?.account.name}</span>
        <Switches />
        <button type="button" class="plain square" title={t("desk.signout")} aria-label={t("desk.signout")} data-testid="sign-out" onClick={() => void leave()}>
          <Icon name="out" />
        </button>
      </div>
    </header>
  );
}

function Notices(): JSX.Element {
  return (
    <div class="notices">
      <div role="status">
        {link.value === "lost" && (
          <div class="notice waiting" data-testid="notice-link-lost">
            <span class="shape waiting" aria-hidden="true" />
            <p>{t("admin.lost")}</p>
          </div>
        )}
      </div>
      <Said notice={notice} name="notice-notice" />
    </div>
  );
}

function Section(): JSX.Element {
  switch (route.value.section) {
    case "prompts":
      return <PromptsPage />;
    case "live":
      return <LivePage />;
    case "queues":
    case "hours":
    case "trunks":
    case "knowledge":
      return <FormsPage key={route.value.section} section={route.value.section} />;
    case "people":
      return <PeoplePage />;
    case "audit":
      return <AuditPage />;
    case "webhooks":
      return <HooksPage />;
    case "versions":
      return <VersionsPage />;
    default:
      return <FlowsPage />;
  }
}
