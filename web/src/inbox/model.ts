export type ThreadStatus = "waiting" | "assigned" | "pending" | "closed";

export interface Thread {
  id: string;
  channel: string;
  source: string;
  customer: string;
  name: string;
  subject: string;
  language: string;
  status: ThreadStatus;
  queue: string;
  agent_id: string;
  tags: string[];
  count: number;
  seen: number;
  unread: number;
  created_at: number;
  updated_at: number;
  queued_at: number;
  /** Server seconds of the oldest message that nobody answered. */
  asked_at: number | null;
}

/** Something that came along with a message. */
export interface FileInfo {
  id: string;
  name: string;
  type: string;
  size: number;
}

export interface Message {
  index: number;
  at: number;
  direction: "in" | "out" | "note" | "event";
  author: string;
  text: string;
  status: "received" | "waiting" | "sent" | "failed";
  reason: string;
  files?: FileInfo[];
}

export interface Clock {
  due_at: number;
  left: number;
  state: "running" | "resting" | "paused" | "late" | "met" | "missed";
  /** It stands still while the house is closed: `left` are seconds of open time. */
  hours?: boolean;
}

export interface Ticket {
  id: string;
  subject: string;
  body: string;
  kind: string;
  priority: string;
  status: string;
  assignee: string;
  queue: string;
  tags: string[];
  customer: string;
  caller_number: string;
  caller_name: string;
  language: string;
  created_at: number;
  updated_at: number;
  clocks: { respond: Clock | null; resolve: Clock | null };
}

export interface StoryLine {
  at: number;
  author: string;
  kind: string;
  text: string;
}

export interface WholeTicket extends Ticket {
  story: StoryLine[];
  links: { kind: string; ref: string }[];
  cards?: Put[];
}

/** A card of knowledge that what is written puts forward. */
export interface Put {
  name: string;
  why: string;
}

export interface Address {
  address: string;
  verified: boolean;
}

export interface WholeThread {
  thread: Thread;
  messages: Message[];
  addresses: Address[];
  tickets: Ticket[];
  cards?: Put[];
}

export interface Entry {
  kind: "call" | "thread" | "ticket" | "callback" | "voicemail";
  id: string;
  at: number;
  channel: string;
  title: string;
  text: string;
  status: string;
  agent: string;
  queue: string;
  seconds: number | null;
  sure: boolean;
}

export interface Customer {
  customer: string;
  addresses: Address[];
  entries: Entry[];
}

/** A conversation or a ticket that this agent is asked to take. */
export interface Offer {
  thread_id?: string;
  ticket_id?: string;
  until: number;
}

/** What an offer is told apart by. */
export const offered = (offer: Offer): string => offer.thread_id ?? offer.ticket_id ?? "";

export interface Choices {
  queues: string[];
  agent: string;
  agents: { id: string; name: string }[];
  /** Whether messages come to this agent by themselves. */
  room: boolean;
}

export interface InboxState {
  ready: boolean;
  threads: Thread[];
  waiting: Thread[];
  offers: Offer[];
  tickets: Ticket[];
  choices: Choices;
}

export const NOTHING: InboxState = {
  ready: false,
  threads: [],
  waiting: [],
  offers: [],
  tickets: [],
  choices: { queues: [], agent: "", agents: [], room: true },
};
