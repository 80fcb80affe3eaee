import { useEffect } from "preact/hooks";
import { digitOf, isTyping } from "../ui/KeyPad";
import { accept, decline, desk, hold, padOpen, phone, press, ringing, talking } from "./store";

/** Enter and Esc while it rings; M, H, D and the digits in a call. Never while the person types. */
export function useHotKeys(): void {
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function onKey(event: KeyboardEvent): void {
  if (event.repeat || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (ringing.value) onRingKey(event);
  else if (talking.value) onCallKey(event);
}

function onRingKey(event: KeyboardEvent): void {
  if (event.key === "Escape") decline();
  else if (event.key === "Enter" && !ownsEnter(event.target)) accept();
  else return;
  event.preventDefault();
}

function onCallKey(event: KeyboardEvent): void {
  if (event.key === "Escape" && padOpen.value) {
    padOpen.value = false;
    return;
  }
  if (isTyping(event.target)) return;
  const digit = padOpen.value ? digitOf(event) : null;
  if (digit !== null) press(digit);
  else if (!onLetter(event.key.toLowerCase())) return;
  event.preventDefault();
}

function onLetter(key: string): boolean {
  switch (key) {
    case "m":
      phone.mute(!phone.muted.value);
      return true;
    case "h":
      if (desk.value.contact?.phase !== "connecting") void hold();
      return true;
    case "d":
      padOpen.value = !padOpen.value;
      return true;
    default:
      return false;
  }
}

/** A text field keeps its Enter, and so does a button the person went to. */
function ownsEnter(target: EventTarget | null): boolean {
  return isTyping(target) || (target instanceof HTMLElement && target.closest("button, a") !== null);
}
