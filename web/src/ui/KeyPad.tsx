import type { JSX } from "preact";
import { t } from "../i18n";

const KEYS = [
  ["1", ""],
  ["2", "ABC"],
  ["3", "DEF"],
  ["4", "GHI"],
  ["5", "JKL"],
  ["6", "MNO"],
  ["7", "PQRS"],
  ["8", "TUV"],
  ["9", "WXYZ"],
  ["*", ""],
  ["0", "+"],
  ["#", ""],
] as const;

export function KeyPad({ onPress, disabled = false }: { onPress(digit: string): void; disabled?: boolean }): JSX.Element {
  return (
    <div class="keypad" role="group" aria-label={t("keys.label")} data-testid="keypad">
      {KEYS.map(([digit, letters]) => (
        <button
          key={digit}
          type="button"
          disabled={disabled}
          data-testid={`key-${digit === "*" ? "star" : digit === "#" ? "hash" : digit}`}
          onClick={() => onPress(digit)}
        >
          <b>{digit}</b>
          <small aria-hidden="true">{letters}</small>
        </button>
      ))}
    </div>
  );
}

/** The digit of a key press on the keyboard, or null where the person is typing into something. */
export function digitOf(event: KeyboardEvent): string | null {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return null;
  return /^[0-9*#]$/.test(event.key) ? event.key : null;
}

/** True where a key belongs to the element that has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
