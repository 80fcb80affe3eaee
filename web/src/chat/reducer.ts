import type { FileInfo } from "../inbox/model";
import type { ServerMessage } from "../net/envelope";

export type ChatStatus = "" | "waiting" | "assigned" | "pending" | "closed";

export interface ChatLine {
  index: number;
  at: number;
  direction: "in" | "out";
  text: string;
  name: string;
  files?: FileInfo[];
}

/** What the visitor wrote and the server has not taken yet. */
export interface ChatUnsent {
  key: string;
  text: string;
  failed: string | null;
}

export interface ChatState {
  /** The server has said what this house asks and says first. */
  ready: boolean;
  greeting: Record<string, string>;
  ask: string[];
  thread: string;
  lines: ChatLine[];
  unsent: ChatUnsent[];
  status: ChatStatus;
  agent: string;
  position: number;
  /** Page milliseconds when the agent last typed. */
  typedAt: number;
}

export const SILENT: ChatState = {
  ready: false,
  greeting: {},
  ask: [],
  thread: "",
  lines: [],
  unsent: [],
  status: "",
  agent: "",
  position: 0,
  typedAt: 0,
};

export type ChatEvent =
  | ServerMessage
  | { type: "wrote"; key: string; text: string }
  | { type: "taken"; key: string; thread: string; line: ChatLine }
  | { type: "refused"; key: string; why: string };

/** The visitor's page after an event; `now` in page milliseconds. */
export function reduceChat(state: ChatState, event: ChatEvent, now: number): ChatState {
  switch (event.type) {
    case "wrote":
      if (!("key" in event) || !("text" in event)) return state;
      return {
        ...state,
        unsent: [...state.unsent.filter((one) => one.key !== event.key), { key: event.key, text: event.text, failed: null }],
      };
    case "taken":
      if (!("line" in event)) return state;
      return {
        ...state,
        thread: event.thread,
        unsent: state.unsent.filter((one) => one.key !== event.key),
        lines: withLine(state.lines, event.line),
      };
    case "refused":
      if (!("why" in event)) return state;
      return { ...state, unsent: state.unsent.map((one) => (one.key === event.key ? { ...one, failed: event.why } : one)) };
  }
  const data = (("data" in event ? event.data : null) ?? {}) as Record<string, unknown>;
  switch (event.type) {
    case "welcome":
      return welcomed(state, data);
    case "message": {
      const line = data as unknown as ChatLine;
      return { ...state, lines: withLine(state.lines, line), typedAt: line.direction === "out" ? 0 : state.typedAt };
    }
    case "phase":
      return {
        ...state,
        status: String(data["status"] ?? "") as ChatStatus,
        agent: String(data["agent"] ?? ""),
        position: Number(data["position"] ?? 0),
      };
    case "typing":
      return { ...state, typedAt: now };
    default:
      return state;
  }
}

function welcomed(state: ChatState, data: Record<string, unknown>): ChatState {
  const thread = String(data["thread"] ?? "");
  return {
    ...state,
    ready: true,
    greeting: (data["greeting"] ?? {}) as Record<string, string>,
    ask: (data["ask"] ?? []) as string[],
    lines: thread === state.thread ? state.lines : [],
    thread,
    status: thread === "" ? "" : state.status,
  };
}

function withLine(lines: readonly ChatLine[], line: ChatLine): ChatLine[] {
  return [...lines.filter((one) => one.index !== line.index), line].sort((a, b) => a.index - b.index);
}

/** The index from which on the page has nothing. */
export function nextIndex(state: ChatState): number {
  return (state.lines.at(-1)?.index ?? -1) + 1;
}
