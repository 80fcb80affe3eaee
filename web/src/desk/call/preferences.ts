/** What an agent chose for this computer: kept in the browser, for headsets differ from seat to seat. */
import { effect, signal, type Signal } from "@preact/signals";
import type { Contact } from "../model";

const PREFIX = "hotline.desk.";

/** Calls are answered by themselves, after a tone. */
export const autoAnswer = kept<boolean>("auto", false);
/** A ring is told by the system too, where the page is out of sight. */
export const notify = kept<boolean>("notify", true);
/** Single letters work as keys (WCAG 2.1.4: a person must be able to switch them off). */
export const letters = kept<boolean>("letters", true);
/** Device that plays the call, "" for the system's. */
export const output = kept<string>("output", "");
/** Device that rings, "" for the system's. */
export const ringOutput = kept<string>("ring-output", "");
/** Loudness of the ring in 0..1. */
export const ringVolume = kept<number>("ring-volume", 0.7);

export type Permission = NotificationPermission | "unsupported";

/** Whether the browser lets this page tell things; read it after `allowNotifications`. */
export const permission = signal<Permission>("Notification" in window ? Notification.permission : "unsupported");

/** Ask the person, at most once: browsers refuse pages that go on asking. */
export async function allowNotifications(): Promise<void> {
  if (!("Notification" in window) || !notify.peek()) return;
  permission.value = Notification.permission === "default" ? await Notification.requestPermission() : Notification.permission;
}

/** Tell of a ring outside of the page, where the page cannot be seen; null where that is not wanted or not allowed. */
export function announce(title: string, contact: Contact | null): Notification | null {
  if (!notify.peek() || document.visibilityState !== "hidden" || permission.peek() !== "granted") return null;
  const wish = contact?.intent?.label || contact?.intent?.name || "";
  const told = new Notification(title, {
    tag: "ring",
    requireInteraction: true,
    body: [contact?.queue ?? "", wish].filter((part) => part !== "").join(" · "),
    icon: "/icon.svg",
  });
  told.onclick = () => {
    window.focus();
    told.close();
  };
  return told;
}

/** A value that is there again after a reload; what cannot be read counts as not set. */
function kept<Value extends string | number | boolean>(name: string, first: Value): Signal<Value> {
  const chosen = signal<Value>(read(name, first));
  effect(() => localStorage.setItem(PREFIX + name, JSON.stringify(chosen.value)));
  return chosen;
}

function read<Value extends string | number | boolean>(name: string, first: Value): Value {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
    return typeof value === typeof first ? (value as Value) : first;
  } catch {
    return first;
  }
}
