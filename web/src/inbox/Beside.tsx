import "../styles/desk-side.css";
import type { JSX } from "preact";
import type { Contact } from "../desk/model";
import { Actions } from "../desk/side/Actions";
import { Cards } from "../desk/side/Cards";
import { EmbeddedFrame } from "../desk/side/EmbeddedFrame";
import { Offers } from "../desk/side/Offers";
import { Procedure } from "../desk/side/Procedure";
import { scene } from "../desk/side/store";
import { written } from "../desk/side/subject";
import { Trouble } from "../desk/side/Trouble";
import { told } from "../desk/side/words";
import { Everything, OpenTickets, Reached } from "./CustomerPanel";
import type { Customer } from "./model";
import { customer, inbox, openThread, openTicket } from "./store";
import "./subject";
import { t } from "./words";

type Module = (props: { contact: Contact; known: Customer; mine: boolean }) => JSX.Element | null;

/** What of a scene the inbox draws; the rest is about calls, or stands in the middle already. */
const MODULES: Readonly<Record<string, Module>> = {
  caller: ({ known }) => <Reached known={known} />,
  tickets: ({ known, contact }) => <OpenTickets known={known} open={contact.id} />,
  history: ({ known }) => <Everything known={known} />,
  cards: ({ contact }) => <Cards contact={contact} />,
  procedure: ({ mine }) => (mine ? <Procedure /> : null),
  actions: ({ contact, mine }) => (mine ? <Actions contact={contact} /> : null),
  offers: ({ contact, mine }) => (mine ? <Offers contact={contact} /> : null),
};

const FRAME = "frame:";

/** Who writes and what is to be done, in the order of the scene; what only its owner may do stands there for him alone. */
export function Beside(): JSX.Element {
  const contact = written.value;
  const known = customer.value;
  const name = told(scene.value.title);
  const me = inbox.value.choices.agent;
  const owner = contact?.channel === "ticket" ? openTicket.value?.assignee : openThread.value?.thread.agent_id;
  const mine = owner === me && openThread.value?.thread.status !== "waiting";
  return (
    <section class="panel inbox-customer" aria-label={t("time.title")} data-scene={scene.value.name} data-testid="customer">
      <h2>
        {t("time.title")} {contact !== null && name !== "" && <span class="scene-name">{name}</span>}
      </h2>
      {known === null || contact === null ? (
        <p class="calm inbox-nothing">{t("inbox.loading")}</p>
      ) : (
        <div class="scroll">
          <Trouble />
          {[...scene.value.who, ...scene.value.do].map((module) => {
            if (module.startsWith(FRAME))
              return mine ? <EmbeddedFrame key={module} name={module.slice(FRAME.length)} contact={contact} /> : null;
            const Part = MODULES[module];
            return Part === undefined ? null : <Part key={module} contact={contact} known={known} mine={mine} />;
          })}
        </div>
      )}
    </section>
  );
}
