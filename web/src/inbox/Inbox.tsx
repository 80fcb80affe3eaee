import type { JSX } from "preact";
import "../styles/inbox.css";
import { Beside } from "./Beside";
import { List } from "./List";
import { chosen, done, fault, load, loading, openLoading, openThread, openTicket, putAway, reopen } from "./store";
import { Talk } from "./Talk";
import { TicketPanel } from "./TicketPanel";
import { t } from "./words";

/** What is written: the list, one conversation or ticket, and its customer. */
export default function Inbox(): JSX.Element {
  const open = chosen.value;
  return (
    <main class="inbox" data-open={open?.kind ?? ""} data-testid="inbox">
      <h1 class="unseen">{t("inbox.title")}</h1>
      <section class="panel inbox-list" aria-label={t("inbox.list")}>
        {loading.value === "failed" ? <Failed again={() => void load()} /> : <List />}
      </section>
      <section class="panel inbox-middle">
        {open !== null && (
          <button type="button" class="plain inbox-back" data-testid="inbox-back" onClick={putAway}>
            ‹ {t("inbox.back")}
          </button>
        )}
        <Said />
        <Middle />
      </section>
      {open !== null && <Beside />}
    </main>
  );
}

function Middle(): JSX.Element {
  const open = chosen.value;
  if (open === null) return <p class="calm inbox-nothing">{t("inbox.choose")}</p>;
  if (open.kind === "thread" && openThread.value !== null) return <Talk whole={openThread.value} />;
  if (open.kind === "ticket" && openTicket.value !== null) return <TicketPanel ticket={openTicket.value} />;
  if (openLoading.value === "failed") return <Failed again={reopen} />;
  return (
    <p class="calm inbox-nothing" role="status">
      {t("inbox.loading")}
    </p>
  );
}

function Said(): JSX.Element {
  const words = fault.value === "offline" ? t("inbox.offline") : fault.value;
  return (
    <div role="status" class="inbox-said" data-testid="inbox-said">
      {words !== "" && <p class="danger">{words}</p>}
      {done.value !== "" && <p class="good">{done.value}</p>}
    </div>
  );
}

function Failed({ again }: { again(): void }): JSX.Element {
  return (
    <div class="inbox-nothing" role="alert">
      <p class="danger">{t("inbox.failed")}</p>
      <button type="button" class="action" onClick={again}>
        {t("inbox.again")}
      </button>
    </div>
  );
}
