import type { ServerMessage } from "../net/envelope";
import { nearest } from "./clocks";
import { offered, type InboxState, type Message, type Offer, type Thread, type Ticket, type WholeThread } from "./model";

/** The lists after an event of the desk's socket; the same object where it is none of theirs. */
export function reduceInbox(state: InboxState, message: ServerMessage): InboxState {
  const data = (message.data ?? {}) as Record<string, unknown>;
  switch (message.type) {
    case "inbox_thread":
    case "inbox_message":
      return data["thread"] === undefined ? state : withThread(state, data["thread"] as Thread);
    case "inbox_offer":
      return { ...state, offers: [...without(state.offers, data as unknown as Offer), data as unknown as Offer] };
    case "inbox_offer_ended":
      return { ...state, offers: without(state.offers, data as unknown as Offer) };
    case "inbox_ticket":
      return withTicket(state, data["ticket"] as Ticket);
    default:
      return state;
  }
}

/** The lists with this thread as it is now: with whoever has it, among those that wait, or gone. */
export function withThread(state: InboxState, thread: Thread): InboxState {
  const old = [...state.threads, ...state.waiting].find((one) => one.id === thread.id);
  if (old !== undefined && (old.updated_at > thread.updated_at || old.count > thread.count)) return state;
  const threads = state.threads.filter((one) => one.id !== thread.id);
  const waiting = state.waiting.filter((one) => one.id !== thread.id);
  const mine = thread.agent_id === state.choices.agent && (thread.status === "assigned" || thread.status === "pending");
  return {
    ...state,
    threads: mine ? [thread, ...threads] : threads,
    waiting: thread.status === "waiting" ? [...waiting, thread] : waiting,
  };
}

/** The open thread after an event; the same object where it is about another. */
export function reduceOpen(open: WholeThread | null, message: ServerMessage): WholeThread | null {
  const data = (message.data ?? {}) as Record<string, unknown>;
  const thread = data["thread"] as Thread | undefined;
  if (open === null || (data["thread_id"] ?? thread?.id) !== open.thread.id) return open;
  const newer = thread !== undefined && thread.count >= open.thread.count ? thread : open.thread;
  const told = data["message"] as Message | undefined;
  return { ...open, thread: newer, messages: told === undefined ? open.messages : withMessage(open.messages, told) };
}

/** With one more message, in order, or with another in the place of the one of the same number. */
export function withMessage(messages: readonly Message[], message: Message): Message[] {
  return [...messages.filter((one) => one.index !== message.index), message].sort((a, b) => a.index - b.index);
}

/** My tickets with this one as it is now: in the order in which they are due, or gone. */
export function withTicket(state: InboxState, ticket: Ticket): InboxState {
  const others = state.tickets.filter((one) => one.id !== ticket.id);
  const mine = ticket.assignee === state.choices.agent && ticket.status !== "solved" && ticket.status !== "closed";
  const tickets = mine ? [...others, ticket].sort((a, b) => dueAt(a) - dueAt(b)) : others;
  return { ...state, tickets };
}

const dueAt = (ticket: Ticket): number => nearest(ticket)?.clock.due_at ?? Infinity;

function without(offers: readonly Offer[], ended: Offer): Offer[] {
  return offers.filter((one) => offered(one) !== offered(ended));
}

/** Mine by what waits longest for an answer, then the newest first. */
export function inOrder(threads: readonly Thread[]): Thread[] {
  return [...threads].sort((a, b) => (a.asked_at ?? Infinity) - (b.asked_at ?? Infinity) || b.updated_at - a.updated_at);
}

/** Messages that nobody has read, in all of them. */
export function unreadIn(threads: readonly Thread[]): number {
  return threads.reduce((sum, one) => sum + (one.status === "assigned" || one.asked_at !== null ? one.unread : 0), 0);
}
