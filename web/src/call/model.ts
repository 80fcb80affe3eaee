import type { Turn } from "../desk/model";

export type CallPhase = "idle" | "microphone" | "connecting" | "bot" | "queue" | "agent" | "held" | "ended";

/** A turn; one whose number was there before takes the place of the old one. */
export type Caption = Turn & { index?: number };

export interface CallState {
  phase: CallPhase;
  /** Place in the queue, 1 is next; null where it is not known. */
  position: number | null;
  /** Seconds of waiting expected; null where it is not known. */
  estimate: number | null;
  agent: string;
  captions: Caption[];
  /** Page milliseconds when the call was answered, and when it ended. */
  since: number | null;
  endedAt: number | null;
  cause: string;
}

export const IDLE: CallState = {
  phase: "idle",
  position: null,
  estimate: null,
  agent: "",
  captions: [],
  since: null,
  endedAt: null,
  cause: "",
};
