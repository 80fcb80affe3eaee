import { effect, signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { listeners } from "../desk/heard";
import { desk } from "../desk/store";
import { choose, hear, inbox, view } from "./store";
import { t } from "./words";

const Inbox = signal<ComponentType | null>(null);
const failed = signal(false);
let rung = "";
const TICKET = /^#ticket=(T-\d{1,12})$/;

/** `/desk#ticket=T-000001` leads to the ticket. */
function follow(): void {
  const named = TICKET.exec(location.hash)?.[1];
  if (named === undefined) return;
  history.replaceState(null, "", location.pathname + location.search);
  void choose("ticket", named);
}
effect(() => {
  if (inbox.value.ready) follow();
});
addEventListener("hashchange", follow);

listeners.push(hear);

/** A call comes first: it takes the place of what is being written, whose draft is kept. */
effect(() => {
  const contact = desk.value.contact;
  const id = contact !== null && (contact.phase === "offered" || contact.phase === "connecting") ? contact.id : "";
  if (id !== "" && id !== rung) view.value = "call";
  rung = id === "" ? rung : id;
});

/** The inbox, fetched when somebody first looks at it. */
export function InboxView(): JSX.Element {
  useEffect(() => void fetchOnce(), []);
  if (Inbox.value !== null) return <Inbox.value />;
  return (
    <main class="loading">
      <p role="status">{t(failed.value ? "inbox.failed" : "inbox.loading")}</p>
      {failed.value && <button type="button" data-testid="inbox-reload" onClick={() => location.reload()}>{t("inbox.reload")}</button>}
    </main>
  );
}

async function fetchOnce(): Promise<void> {
  if (Inbox.value !== null) return;
  try {
    Inbox.value = (await import("./Inbox")).default;
  } catch {
    failed.value = true;
  }
}
