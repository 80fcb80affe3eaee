import type { ComponentChildren, JSX } from "preact";
import { now } from "../desk/store";
import { ClockLine } from "./ClockLine";
import { nearest } from "./clocks";
import { offered, type Offer, type Thread, type Ticket } from "./model";
import { inOrder } from "./reducer";
import { choose, chosen, decide, found, inbox, look, newTickets, ticketView, type TicketView } from "./store";
import { called, t, when, type InboxKey } from "./words";

const VIEWS: readonly TicketView[] = ["mine", "open", "unassigned", "late", "all"];

/** Up and down move through everything that can be opened. */
function walk(event: KeyboardEvent): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const list = event.currentTarget as HTMLElement;
  const items = [...list.querySelectorAll<HTMLElement>(".item")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  event.preventDefault();
  items[Math.min(items.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))]?.focus();
}

export function List(): JSX.Element {
  const { threads, waiting, offers, tickets, choices, ready } = inbox.value;
  const open = inOrder(threads.filter((one) => one.status === "assigned"));
  const pending = threads.filter((one) => one.status === "pending");
  const shown = ticketView.value === "mine" ? tickets : found.value;
  const nothing = ready && threads.length + waiting.length + offers.length + shown.length === 0;
  return (
    <div class="scroll inbox-scroll" onKeyDown={walk}>
      {offers.map((offer) => (
        <OfferCard key={offered(offer)} offer={offer} />
      ))}
      <Group name="inbox.group.mine" rows={open} />
      <Group name="inbox.group.waiting" rows={waiting} />
      <Group name="inbox.group.pending" rows={pending} />
      {nothing && <p class="calm">{t(choices.room ? "inbox.empty" : "inbox.empty.room")}</p>}
      <div class="inbox-tickets">
        <h2>{t(ticketView.value === "mine" ? "inbox.group.tickets" : "inbox.group.found")}</h2>
        <select
          aria-label={t("inbox.view")}
          value={ticketView.value}
          data-testid="ticket-view"
          onChange={(event) => void look(event.currentTarget.value as TicketView)}
        >
          {VIEWS.map((name) => (
            <option key={name} value={name}>
              {t(`inbox.view.${name}`)}
            </option>
          ))}
        </select>
      </div>
      <ul>
        {shown.map((ticket) => (
          <TicketItem key={ticket.id} ticket={ticket} />
        ))}
      </ul>
    </div>
  );
}

function Group({ name, rows }: { name: InboxKey; rows: readonly Thread[] }): JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <>
      <h2>{t(name)}</h2>
      <ul>
        {rows.map((thread) => (
          <ThreadItem key={thread.id} thread={thread} />
        ))}
      </ul>
    </>
  );
}

function Item(props: { kind: "thread" | "ticket"; id: string; class: string; children: ComponentChildren }): JSX.Element {
  const here = chosen.value?.kind === props.kind && chosen.value.id === props.id;
  return (
    <li>
      <button
        type="button"
        class={`item ${props.class}`}
        aria-current={here ? "true" : undefined}
        data-testid={props.kind}
        data-id={props.id}
        onClick={() => void choose(props.kind, props.id)}
      >
        {props.children}
      </button>
    </li>
  );
}

function ThreadItem({ thread }: { thread: Thread }): JSX.Element {
  return (
    <Item kind="thread" id={thread.id} class={thread.unread > 0 && thread.status !== "waiting" ? "news" : ""}>
      <span class="item-top">
        <b>{thread.name || t("inbox.unknown")}</b>
        <time class="sub figures">{when(thread.updated_at, now())}</time>
      </span>
      <span class="item-below sub">
        {called("reach", thread.channel)}
        {thread.subject !== "" && ` · ${thread.subject}`}
        {thread.asked_at !== null && thread.status !== "pending" && <span class="shape waiting" aria-hidden="true" />}
        {thread.unread > 0 && <span class="news-count figures">{thread.unread}</span>}
      </span>
    </Item>
  );
}

function TicketItem({ ticket }: { ticket: Ticket }): JSX.Element {
  const next = nearest(ticket);
  return (
    <Item kind="ticket" id={ticket.id} class={newTickets.value.has(ticket.id) ? "news" : ""}>
      <span class="item-top">
        <b>{ticket.subject || ticket.kind}</b>
        <span class="sub figures">{ticket.id}</span>
      </span>
      <span class="item-below sub">
        {called("ticket", ticket.status)}
        {` · ${called("priority", ticket.priority)}`}
        {next !== null && <ClockLine name={next.name} clock={next.clock} />}
      </span>
    </Item>
  );
}

function OfferCard({ offer }: { offer: Offer }): JSX.Element {
  const thread = inbox.value.waiting.find((one) => one.id === offer.thread_id);
  const left = Math.max(0, Math.ceil(offer.until - now()));
  return (
    <div class="offer" role="group" data-testid="inbox-offer">
      <p>
        {offer.ticket_id !== undefined
          ? t("inbox.offer.ticket", { id: offer.ticket_id })
          : t("inbox.offer", { name: thread?.name || t("inbox.unknown") })}
      </p>
      <button type="button" class="primary" data-testid="inbox-accept" onClick={() => void decide(offer, true)}>
        {t("inbox.accept")} <span class="figures">{left}</span>
      </button>
      <button type="button" class="action" data-testid="inbox-decline" onClick={() => void decide(offer, false)}>
        {t("inbox.decline")}
      </button>
    </div>
  );
}
