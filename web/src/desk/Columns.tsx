import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { Conversation } from "./Conversation";
import { Do } from "./Do";
import { Empty } from "./Empty";
import { KINDS } from "./Feeling";
import { feeling } from "./insight";
import { desk } from "./store";
import { Who } from "./Who";

const TABS = ["conversation", "who", "do"] as const;
type Tab = (typeof TABS)[number];
const tab = signal<Tab>("conversation");

/** Three columns side by side; on a narrow screen one at a time: the story when it rings, the note when it is over. */
export function Columns(): JSX.Element {
  const contact = desk.value.contact;
  const phase = contact?.phase;
  useEffect(() => {
    if (phase === "offered") tab.value = "conversation";
    if (phase === "wrap_up") tab.value = "do";
  }, [contact?.id, phase]);
  if (contact === null) return <Empty />;
  const felt = feeling(contact.handover);
  return (
    <main class="columns" data-tab={tab.value} data-testid="contact" data-contact={contact.id} data-phase={contact.phase}>
      <h1 class="unseen">{t("desk.title")}</h1>
      <div class="tabs" role="group" aria-label={t("desk.title")}>
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={tab.value === name}
            data-testid={`tab-${name}`}
            onClick={() => (tab.value = name)}
          >
            {t(`panel.${name}`)}
            {name === "who" && felt !== null && felt.mood !== "calm" && (
              <span class={`shape ${KINDS[felt.mood]}`} role="img" aria-label={t(`mood.${felt.mood}`)} data-testid="tab-mood" />
            )}
          </button>
        ))}
      </div>
      <Conversation contact={contact} />
      <Who contact={contact} />
      <Do contact={contact} />
    </main>
  );
}
