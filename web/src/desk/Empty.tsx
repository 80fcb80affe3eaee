import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { t } from "../i18n";
import { MicPanel } from "../ui/MicPanel";
import { desk, microphone, setState } from "./store";
import { WhyNoCalls } from "./WhyNoCalls";

const testing = signal(false);

/** No call: say so calmly, and let the headset be tried. */
export function Empty(): JSX.Element {
  const { agent, queues, lastEnd } = desk.value;
  const state = agent?.state ?? "offline";
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0);
  return (
    <main class="empty" data-testid="empty">
      <div class="empty-words">
        <h1>{title(state, waiting)}</h1>
        <p>{sub(state)}</p>
        {lastEnd !== null && lastEnd.reason !== "accepted" && lastEnd.reason !== "ended" && (
          <p class="hint" role="status" data-testid="last-end">
            {t(`end.${lastEnd.reason}`)}
          </p>
        )}
        {(state === "offline" || state === "break") && (
          <button type="button" class="primary" data-testid="go-available" onClick={() => void setState("available")}>
            {t("empty.go")}
          </button>
        )}
        <WhyNoCalls />
      </div>
      <section class="empty-side" aria-label={t("empty.headset")}>
        <h2>{t("empty.headset")}</h2>
        <MicPanel microphone={microphone} testing={testing.value} onTest={test} />
        <h2>{t("empty.keys")}</h2>
        <ul class="hotkeys">
          <li>
            <kbd>Enter</kbd> {t("empty.key.enter")}
          </li>
          <li>
            <kbd>Esc</kbd> {t("empty.key.esc")}
          </li>
          <li>
            <kbd>M</kbd> {t("empty.key.m")}
          </li>
          <li>
            <kbd>H</kbd> {t("empty.key.h")}
          </li>
          <li>
            <kbd>D</kbd> {t("empty.key.d")}
          </li>
        </ul>
      </section>
    </main>
  );
}

function title(state: string, waiting: number): string {
  if (state === "offline") return t("empty.offline");
  if (state === "break") return t("empty.break");
  if (state === "wrap_up") return t("empty.wrap");
  return waiting > 0 ? t("empty.available.waiting", { n: waiting }) : t("empty.available");
}

function sub(state: string): string {
  if (state === "offline") return t("empty.offline.sub");
  return state === "break" ? t("empty.break.sub") : t("empty.available.sub");
}

function test(on: boolean): void {
  testing.value = on;
  if (on) void microphone.open();
}
