/** Says beside the link to the quality page that reviews or notes have come which this agent has not seen. */
import type { ServerMessage } from "../net/envelope";
import { waiting } from "../ui/Nav";
import { listeners } from "./heard";

interface News {
  unseen: number;
  coaching: number;
}

function tell({ unseen, coaching }: News): void {
  waiting.value = { ...waiting.peek(), quality: unseen + coaching };
}

/** Counted anew with each connection, and when the desk is looked at again: the quality page is another tab. */
async function count(): Promise<void> {
  try {
    const response = await fetch("/api/v1/quality/mine/count", { headers: { accept: "application/json" } });
    if (response.ok) tell((await response.json()) as News);
  } catch {
    // The link is there all the same, and the page behind it says what is new.
  }
}

export function hear(message: ServerMessage): void {
  if (message.type === "quality") tell(message.data as unknown as News);
  if (message.type === "snapshot") void count();
}

listeners.push(hear);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && waiting.peek().quality !== undefined) void count();
});
