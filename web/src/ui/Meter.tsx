import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import { t } from "../i18n";
import { LevelProbe, meterShare } from "../media/level";

/** A bar that follows the loudness of `stream`, 20 times a second, without drawing the page again. */
export function Meter({ stream }: { stream: MediaStream | null }): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (stream === null) return undefined;
    const probe = new LevelProbe(stream, 1024);
    let shown = 0;
    const timer = setInterval(() => {
      shown = Math.max(meterShare(probe.rms()), shown * 0.85);
      bar.current?.style.setProperty("transform", `scaleX(${shown.toFixed(3)})`);
      box.current?.setAttribute("aria-valuenow", String(Math.round(shown * 100)));
    }, 50);
    return () => {
      clearInterval(timer);
      probe.close();
    };
  }, [stream]);
  return (
    <div
      ref={box}
      class="meter"
      role="meter"
      aria-label={t("mic.level")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
      data-testid="mic-level"
    >
      <div ref={bar} class="meter-bar" />
    </div>
  );
}
