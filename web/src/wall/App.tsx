import type { JSX } from "preact";
import { clock } from "../i18n";
import { Brand } from "../ui/Brand";
import { Icon } from "../ui/icons";
import { Nav } from "../ui/Nav";
import { Said } from "../ui/Said";
import { SignIn } from "../ui/SignIn";
import { Switches } from "../ui/Switches";
import { AgentCard } from "./AgentCard";
import { Agents } from "./Agents";
import { Alerts } from "./Alerts";
import { BroadcastCard } from "./Broadcast";
import { CallCard } from "./CallCard";
import { Calls } from "./Calls";
import { Charts } from "./Charts";
import { FigureCard } from "./FigureCard";
import { Listening } from "./Listening";
import { Machines } from "./Machines";
import { QueueCard } from "./QueueCard";
import { Queues } from "./Queues";
import { account, begin, card, link, look, notice, now, part, scope, signOut, television, tv, who } from "./store";
import { Strip } from "./Strip";
import { t } from "./words";

export function App(): JSX.Element {
  const state = account.value;
  if (state === "signed_out" || state === "expired" || state === "not_allowed") {
    const first = state === "not_allowed" ? t("wall.not_allowed") : state === "expired" ? t("wall.expired") : "";
    return <SignIn title={t("wall.signin")} hint={t("wall.signin.hint")} first={first} enter={() => void begin()} />;
  }
  if (!part.ready.value) {
    const words = account.value === "unreachable" ? t("wall.unreachable") : t("wall.loading");
    return (
      <div class="wall" data-testid="wall" data-link={link.value} data-ready="false">
        <Top />
        <p class="calm blank" role="status" data-testid="loading">{words}</p>
      </div>
    );
  }
  return (
    <div class="wall" data-testid="wall" data-link={link.value} data-ready="true">
      <Top />
      <Notices />
      <main class="board">
        <h1 class="unseen">{t("wall.title")}</h1>
        <Strip />
        <div class="main-side">
          <Queues />
          <Agents />
          {!tv.value && <Calls />}
        </div>
        <div class="side">
          <Alerts />
          <Machines />
        </div>
        <Charts />
      </main>
      <Listening />
      <Open />
    </div>
  );
}

function Top(): JSX.Element {
  if (tv.value) {
    return (
      <header class="top tv-top">
        <Brand />
        <b class="tv-scope">{scope.value || t("wall.all_queues")}</b>
        <span class="tv-clock figures">{clock(now.value)}</span>
        <button type="button" class="plain square" aria-label={t("wall.tv.leave")} title={t("wall.tv.leave")} data-testid="tv-leave" onClick={() => void television(false)}>
          <Icon name="close" />
        </button>
      </header>
    );
  }
  return (
    <header class="top">
      <Brand />
      <Nav here="wall" />
      <ScopeSelect />
      <div class="top-end">
        <button type="button" data-testid="broadcast-open" onClick={() => (card.value = { kind: "broadcast", agents: [], teams: [] })}>
          {t("wall.broadcast")}
        </button>
        <button type="button" class="tv-button" data-testid="tv" title={t("wall.tv.hint")} onClick={() => void television(true)}>
          {t("wall.tv")}
        </button>
        <span class="whose">{who.value.name || who.value.id}</span>
        <Switches />
        <button type="button" class="plain square" title={t("desk.signout")} aria-label={t("desk.signout")} data-testid="sign-out" onClick={() => void signOut()}>
          <Icon name="out" />
        </button>
      </div>
    </header>
  );
}

function ScopeSelect(): JSX.Element {
  return (
    <select class="scope" aria-label={t("wall.scope")} data-testid="scope" value={scope.value} onChange={(event) => look(event.currentTarget.value)}>
      <option value="">{t("wall.all_queues")}</option>
      {part.queues.value.map(({ name }) => (
        <option key={name} value={name}>{name}</option>
      ))}
    </select>
  );
}

function Notices(): JSX.Element {
  return (
    <div class="notices">
      <div role="status">
        {link.value === "lost" && (
          <div class="notice waiting" data-testid="notice-link-lost">
            <span class="shape waiting" aria-hidden="true" />
            <p>{t("wall.lost", { time: clock(now.value) })}</p>
          </div>
        )}
        {link.value !== "lost" && part.stale.value !== null && (
          <div class="notice waiting" data-testid="notice-stale">
            <span class="shape waiting" aria-hidden="true" />
            <p>{t("wall.stale", { time: clock(part.stale.value) })}</p>
          </div>
        )}
      </div>
      <Said notice={notice} />
    </div>
  );
}

function Open(): JSX.Element | null {
  const shown = card.value;
  switch (shown?.kind) {
    case "call":
      return <CallCard key={shown.id} id={shown.id} />;
    case "agent":
      return <AgentCard key={shown.id} id={shown.id} />;
    case "queue":
      return <QueueCard key={shown.id} name={shown.id} />;
    case "figure":
      return <FigureCard key={shown.id} name={shown.id} />;
    case "broadcast":
      return <BroadcastCard agents={shown.agents} teams={shown.teams} />;
    default:
      return null;
  }
}
