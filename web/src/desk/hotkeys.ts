import { useEffect } from "preact/hooks";
import { digitOf, isTyping } from "../ui/KeyPad";
import { closePanel, keyNow } from "./call/keys";
import { letters } from "./call/preferences";
import { accept, decline, panel, press, ringing, talking } from "./store";

/** Enter and Esc while it rings; letters and, with the key pad open, digits. Never while the person types. */
export function useHotKeys(): void {
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function onKey(event: KeyboardEvent): void {
  if (event.repeat || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const taken = (event.key === "Escape" && closePanel()) || (ringing.value && onRingKey(event)) || onOtherKey(event);
  if (taken) event.preventDefault();
}

function onRingKey(event: KeyboardEvent): boolean {
  if (event.key === "Escape") decline();
  else if (event.key === "Enter" && !ownsEnter(event.target)) accept();
  else return false;
  return true;
}

function onOtherKey(event: KeyboardEvent): boolean {
  if (isTyping(event.target)) return false;
  const digit = panel.value === "keys" && talking.value ? digitOf(event) : null;
  if (digit !== null) {
    press(digit);
    return true;
  }
  const found = letters.value ? keyNow(event.key) : null;
  found?.act();
  return found !== null;
}

/** A text field keeps its Enter, and so does a button the person went to. */
function ownsEnter(target: EventTarget | null): boolean {
  return isTyping(target) || (target instanceof HTMLElement && target.closest("button, a") !== null);
}
