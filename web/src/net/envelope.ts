/** The two shapes that travel on a socket (docs/desk-protocol.md). */

export interface ServerMessage {
  /** Grows by one on the desk socket; absent on the caller's. */
  seq?: number;
  type: string;
  /** Server clock, seconds since the epoch. */
  at?: number;
  data: unknown;
}

export interface Reply {
  id: string;
  ok: boolean;
  error?: string;
}

/** Parse one text frame; null where it is not one of ours. */
export function parseMessage(text: unknown): ServerMessage | null {
  if (typeof text !== "string") return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const message = value as Record<string, unknown>;
  if (typeof message["type"] !== "string") return null;
  const parsed: ServerMessage = { type: message["type"], data: message["data"] ?? {} };
  if (typeof message["seq"] === "number") parsed.seq = message["seq"];
  if (typeof message["at"] === "number") parsed.at = message["at"];
  return parsed;
}
