import type { ServerMessage } from "../net/envelope";

/** Who else hears what the desk's socket brings, each message after the desk itself has taken it. */
export const listeners: ((message: ServerMessage) => void)[] = [];
