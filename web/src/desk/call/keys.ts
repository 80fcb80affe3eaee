/** The letters that are keys, where each works and what it does: the help sheet is drawn from the same table. */
import { computed } from "@preact/signals";
import { desk, hold, link, panel, phone, talking } from "../store";
import { back, complete, consulted, guest, joinAll, mayDial, park, record, swap, toggle } from "./actions";
import type { LineKey } from "./words";

export type Group = "call" | "consult" | "idle" | "any";

export interface HotKey {
  /** As `KeyboardEvent.key` in lower case. */
  key: string;
  group: Group;
  words: LineKey;
  act(): void;
}

/** The caller is this agent's, talks or is on hold, and the server can be asked. */
export const mine = computed(() => {
  const phase = desk.value.contact?.phase;
  return link.value === "open" && !guest.value && (phase === "connected" || phase === "held");
});
/** A third party has answered. */
export const third = computed(() => mine.value && consulted.value && desk.value.consult?.state !== "calling");

const when = (may: { value: boolean }, act: () => unknown) => (): void => {
  if (may.value) act();
};
const alone = computed(() => mine.value && !consulted.value);
const any = { value: true };

export const KEYS: readonly HotKey[] = [
  { key: "m", group: "call", words: "line.key.mute", act: () => phone.mute(!phone.muted.value) },
  { key: "h", group: "call", words: "line.key.hold", act: when(alone, hold) },
  { key: "d", group: "call", words: "line.key.keys", act: () => toggle("keys") },
  { key: "t", group: "call", words: "line.key.transfer", act: when(alone, () => toggle("transfer")) },
  { key: "p", group: "call", words: "line.key.park", act: when(alone, park) },
  { key: "r", group: "call", words: "line.key.record", act: when(mine, record) },
  { key: "q", group: "call", words: "line.key.quality", act: when(any, () => toggle("quality")) },
  { key: "x", group: "consult", words: "line.key.swap", act: when(third, swap) },
  { key: "j", group: "consult", words: "line.key.join", act: when(third, joinAll) },
  { key: "c", group: "consult", words: "line.key.complete", act: when(third, complete) },
  { key: "b", group: "consult", words: "line.key.back", act: when(consulted, back) },
  { key: "n", group: "idle", words: "line.key.dial", act: when(mayDial, () => toggle("dial")) },
  { key: "s", group: "any", words: "line.key.settings", act: () => toggle("settings") },
  { key: "?", group: "any", words: "line.key.help", act: () => toggle("help") },
];

/** What a key does now; null where it does nothing here. */
export function keyNow(key: string): HotKey | null {
  const found = KEYS.find((one) => one.key === key.toLowerCase());
  if (found === undefined) return null;
  if (found.group === "any") return found;
  if (found.group === "idle") return talking.value ? null : found;
  if (found.group === "consult") return consulted.value ? found : null;
  return talking.value ? found : null;
}

/** Close what is open; false where nothing is. */
export function closePanel(): boolean {
  if (panel.value === "") return false;
  panel.value = "";
  return true;
}
