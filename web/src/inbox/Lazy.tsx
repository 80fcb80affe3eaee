import { effect, signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { listeners } from "../desk/heard";
import { desk } from "../desk/store";
import { hear, view } from "./store";
import { t } from "./words";

const Inbox = signal<ComponentType | null>(null);
const failed = signal(false);
let rung = "";

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
