import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../words";
import { peaks } from "./samples";

const BARS = 160;

interface Props {
  samples: Float32Array;
  rate: number;
  sound: Blob;
  label: string;
  /** With handles where given. */
  range?: { from: number; to: number };
  onRange?(from: number, to: number): void;
}

/** Sound to see and to hear, with handles that cut it. */
export function Wave({ samples, rate, sound, label, range, onRange }: Props): JSX.Element {
  const audio = useRef<HTMLAudioElement>(null);
  const playing = useSignal(false);
  const at = useSignal(0);
  const bars = useMemo(() => peaks(samples, BARS), [samples]);
  const url = useMemo(() => URL.createObjectURL(sound), [sound]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const seconds = samples.length / rate;
  const [from, to] = [range?.from ?? 0, range?.to ?? 1];
  useEffect(() => {
    if (!playing.value) return undefined;
    let frame = 0;
    const follow = (): void => {
      const player = audio.current;
      if (player === null) return;
      at.value = player.currentTime / seconds;
      if (at.value >= to) player.pause();
      frame = requestAnimationFrame(follow);
    };
    follow();
    return () => cancelAnimationFrame(frame);
  }, [playing.value, to, seconds]);
  const toggle = (): void => {
    const player = audio.current!;
    if (!player.paused) return player.pause();
    if (at.value < from || at.value >= to - 0.01) player.currentTime = from * seconds;
    void player.play().catch(() => undefined);
  };
  return (
    <div class="wave" data-testid="wave">
      <button type="button" class="square" aria-label={`${playing.value ? t("prompt.stop") : t("prompt.listen")}: ${label}`} onClick={toggle} data-testid="wave-play" data-playing={playing.value}>
        <span aria-hidden="true">{playing.value ? "■" : "▶"}</span>
      </button>
      <div class="wave-box">
        <svg viewBox={`0 0 ${BARS * 3} 60`} preserveAspectRatio="none" aria-hidden="true" onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          if (audio.current !== null) audio.current.currentTime = ((event.clientX - box.left) / box.width) * seconds;
          at.value = (event.clientX - box.left) / box.width;
        }}>
          {bars.map((peak, n) => {
            const height = Math.max(1, peak * 56);
            const outside = n / BARS < from || n / BARS > to;
            return <rect key={n} class={outside ? "cut" : n / BARS < at.value ? "heard" : ""} x={n * 3} y={30 - height / 2} width={2} height={height} />;
          })}
        </svg>
        {range !== undefined && onRange !== undefined && (
          <>
            <input type="range" class="handle from" min={0} max={1} step={0.005} value={from} aria-label={t("prompt.trim.from")} onInput={(event) => onRange(Math.min(Number(event.currentTarget.value), to - 0.02), to)} data-testid="trim-from" />
            <input type="range" class="handle to" min={0} max={1} step={0.005} value={to} aria-label={t("prompt.trim.to")} onInput={(event) => onRange(from, Math.max(Number(event.currentTarget.value), from + 0.02))} data-testid="trim-to" />
          </>
        )}
      </div>
      <span class="figures calm">{((to - from) * seconds).toFixed(2)} s</span>
      <audio ref={audio} src={url} onPlay={() => (playing.value = true)} onPause={() => (playing.value = false)} onEnded={() => (playing.value = false)} />
    </div>
  );
}
