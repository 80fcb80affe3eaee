import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { now } from "../desk/store";
import { unturned } from "../i18n/fill";
import { ClockLine } from "./ClockLine";
import type { WholeTicket } from "./model";
import { callTicket, changeTicket, choose, commentTicket, customer, draftOf, inbox, keepDraft } from "./store";
import { called, plain, t, when } from "./words";

const STATES = ["open", "pending", "solved", "closed"] as const;
const PRIORITIES = ["low", "normal", "high", "urgent"] as const;

/** One ticket: how it stands, whom to call, what was done. */
export function TicketPanel({ ticket }: { ticket: WholeTicket }): JSX.Element {
  const { respond, resolve } = ticket.clocks;
  return (
    <article class="ticket scroll" data-testid="ticket-open" data-status={ticket.status} data-id={ticket.id}>
      <header>
        <h2>
          <span class="figures sub">
            {t("ticket.label")} {ticket.id}
          </span>
          <b>{ticket.subject || ticket.kind}</b>
        </h2>
        <p class="clocks">
          {respond !== null && <ClockLine name="respond" clock={respond} />}
          {resolve !== null && <ClockLine name="resolve" clock={resolve} />}
        </p>
      </header>
      {ticket.body !== "" && <p class="ticket-body">{ticket.body}</p>}
      <Facts ticket={ticket} />
      <div class="calling">
        <Owning ticket={ticket} />
        <Calling ticket={ticket} />
      </div>
      <Links ticket={ticket} />
      <Story key={ticket.id} ticket={ticket} />
    </article>
  );
}

function Facts({ ticket }: { ticket: WholeTicket }): JSX.Element {
  const { agents } = inbox.value.choices;
  const set = (name: string) => (event: { currentTarget: HTMLSelectElement }) =>
    void changeTicket(ticket.id, { [name]: event.currentTarget.value });
  const known = ticket.assignee === "" || agents.some((one) => one.id === ticket.assignee);
  return (
    <div class="facts">
      <Fact label={t("ticket.status")}>
        <select value={ticket.status} data-testid="ticket-status" onChange={set("status")}>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {t(`ticket.${one}`)}
            </option>
          ))}
        </select>
      </Fact>
      <Fact label={t("ticket.priority")}>
        <select value={ticket.priority} data-testid="ticket-priority" onChange={set("priority")}>
          {PRIORITIES.map((one) => (
            <option key={one} value={one}>
              {t(`priority.${one}`)}
            </option>
          ))}
        </select>
      </Fact>
      <Fact label={t("ticket.owner")}>
        <select value={ticket.assignee} data-testid="ticket-owner" onChange={set("assignee")}>
          <option value="">{t("ticket.nobody")}</option>
          {!known && <option value={ticket.assignee}>{ticket.assignee}</option>}
          {agents.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      </Fact>
      <Fact label={t("ticket.queue")}>
        <select value={ticket.queue} data-testid="ticket-queue" onChange={set("queue")}>
          <option value="">{t("ticket.queue.usual")}</option>
          {inbox.value.choices.queues.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </Fact>
      <Fact label={t("ticket.tags")}>
        <input
          key={ticket.tags.join()}
          defaultValue={ticket.tags.join(", ")}
          placeholder={t("ticket.tags.hint")}
          data-testid="ticket-tags"
          onChange={(event) => void changeTicket(ticket.id, { tags: tagsIn(event.currentTarget.value) })}
        />
      </Fact>
    </div>
  );
}

/** Take it, or let somebody else have it. */
function Owning({ ticket }: { ticket: WholeTicket }): JSX.Element | null {
  const { agent } = inbox.value.choices;
  if (ticket.status === "solved" || ticket.status === "closed") return null;
  const mine = ticket.assignee === agent;
  return (
    <button
      type="button"
      class="action"
      title={t(mine ? "ticket.back.hint" : "ticket.take.hint")}
      data-testid={mine ? "ticket-back" : "ticket-take"}
      onClick={() => void changeTicket(ticket.id, { assignee: mine ? "" : agent })}
    >
      {t(mine ? "ticket.back" : "ticket.take")}
    </button>
  );
}

export function tagsIn(text: string): string[] {
  return text
    .split(/[,，;；]/)
    .map((one) => one.trim().replace(/\s+/g, "-"))
    .filter((one) => one !== "");
}

function Fact({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
    </label>
  );
}

function Calling({ ticket }: { ticket: WholeTicket }): JSX.Element {
  const reached = customer.value?.addresses.find((one) => one.address.startsWith("tel:"));
  const number = ticket.caller_number || (reached === undefined ? "" : plain(reached.address));
  if (number === "") return <p class="calm">{t("ticket.nonumber")}</p>;
  return (
    <>
      <button
        type="button"
        class="action"
        data-testid="ticket-call"
        onClick={() => void callTicket(ticket.id, "now", t("ticket.called", { number }))}
      >
        {t("ticket.call", { number })}
      </button>
      <button
        type="button"
        class="action"
        data-testid="ticket-callback"
        onClick={() => void callTicket(ticket.id, "callback", t("ticket.promised"))}
      >
        {t("ticket.callback")}
      </button>
    </>
  );
}

function Links({ ticket }: { ticket: WholeTicket }): JSX.Element | null {
  if (ticket.links.length === 0) return null;
  return (
    <div class="links">
      <h3>{t("ticket.links")}</h3>
      <ul>
        {ticket.links.map(({ kind, ref }) => (
          <li key={`${kind} ${ref}`}>
            {kind === "thread" || kind === "ticket" ? (
              <button type="button" class="link" data-testid={`link-${kind}`} onClick={() => void choose(kind, ref)}>
                {kind === "ticket" ? ref : t("talk.messages")}
              </button>
            ) : (
              <span class="sub">
                {called("reach", kind === "contact" ? "sip" : kind)} {ref}
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Story({ ticket }: { ticket: WholeTicket }): JSX.Element {
  const text = useSignal(draftOf(ticket.id));
  const type = (next: string): void => {
    text.value = next;
    keepDraft(ticket.id, next);
  };
  const { agents } = inbox.value.choices;
  const nameOf = (id: string): string => unturned(agents.find((one) => one.id === id)?.name ?? id);
  return (
    <div class="ticket-story">
      <h3>{t("ticket.story")}</h3>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const said = text.value.trim();
          if (said !== "") void commentTicket(ticket.id, said).then((fine) => fine && draftOf(ticket.id).trim() === said && type(""));
        }}
      >
        <textarea
          rows={2}
          maxLength={10000}
          aria-label={t("ticket.comment")}
          placeholder={t("ticket.comment")}
          value={text.value}
          data-testid="ticket-comment"
          onInput={(event) => type(event.currentTarget.value)}
        />
        <button type="submit" class="action" disabled={text.value.trim() === ""} data-testid="ticket-comment-send">
          {t("talk.keep")}
        </button>
      </form>
      <ol data-testid="story">
        {[...ticket.story].reverse().map((line, n) => {
          const value =
            line.kind === "status" ? called("ticket", line.text) : line.kind === "late" ? called("clock", line.text) : line.kind === "priority" ? called("priority", line.text) : line.kind === "assignee" ? nameOf(line.text) || t("ticket.nobody") : line.text;
          return (
            <li key={`${line.at} ${n}`}>
              <span class="sub">
                <time class="figures">{when(line.at, now())}</time> {nameOf(line.author)} {called("story", line.kind, { value })}
              </span>
              {(line.kind === "comment" || line.kind === "answer") && <p>{line.text}</p>}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
