import { effect } from "@preact/signals";
import type { Contact } from "../desk/model";
import { takeCards } from "../desk/side/store";
import { written } from "../desk/side/subject";
import type { Customer, WholeThread, WholeTicket } from "./model";
import { chosen, customer, openThread, openTicket, view } from "./store";
import { plain } from "./words";

const NOTHING = {
  phase: "connected",
  profile: {},
  handover: {},
  intent: null,
  slots: {},
  needs: {},
  why: "",
  queued_at: null,
  answered_at: null,
  held: false,
  note: "",
} as const;

/** A conversation as the modules of a scene take it. */
export function ofThread({ thread, messages }: WholeThread, known: Customer | null): Contact {
  const number = known?.addresses.find((one) => one.address.startsWith("tel:"))?.address ?? "";
  return {
    ...NOTHING,
    id: thread.id,
    channel: "message",
    queue: thread.queue,
    caller: { number: plain(number), name: thread.name, authenticated: false },
    language: thread.language,
    tags: thread.tags,
    started_at: thread.created_at,
    turns: messages
      .filter((one) => one.direction === "in" || one.direction === "out")
      .map((one) => ({
        at: one.at,
        speaker: one.direction === "in" ? "caller" : "agent",
        text: one.text,
        language: thread.language,
        medium: "keys",
        confidence: null,
        state: "",
        intent: "",
      })),
  };
}

/** A ticket as the modules of a scene take it. */
export function ofTicket(ticket: WholeTicket): Contact {
  return {
    ...NOTHING,
    id: ticket.id,
    channel: "ticket",
    queue: ticket.queue,
    caller: { number: ticket.caller_number, name: ticket.caller_name, authenticated: false },
    language: ticket.language,
    tags: ticket.tags,
    started_at: ticket.created_at,
    note: "",
    turns: [],
  };
}

effect(() => {
  const open = view.value === "inbox" ? chosen.value : null;
  const thread = open?.kind === "thread" && openThread.value?.thread.id === open.id ? openThread.value : null;
  const ticket = open?.kind === "ticket" && openTicket.value?.id === open.id ? openTicket.value : null;
  written.value = thread !== null ? ofThread(thread, customer.value) : ticket !== null ? ofTicket(ticket) : null;
});

effect(() => {
  const found = openThread.value;
  if (found?.cards !== undefined) takeCards({ contact_id: found.thread.id, cards: found.cards });
});

effect(() => {
  const found = openTicket.value;
  if (found?.cards !== undefined) takeCards({ contact_id: found.id, cards: found.cards });
});
