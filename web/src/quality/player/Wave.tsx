import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { length } from "../../i18n";
import { theme } from "../../ui/theme";
import type { Deck } from "./deck";
import type { Playback } from "./model";
import { HEIGHT, paint, TOKENS, type Colours } from "./paint";
import { t } from "./words";

/** Both voices, what happened, and the caller's mood, one over the other; a click, a drag or an arrow goes there. */
export function Wave({ playback, deck, pins }: { playback: Playback; deck: Deck; pins: readonly number[] }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const [from, to] = deck.span;
  const share = (second: number): number => Math.min(1, Math.max(0, (second - from) / (to - from)));

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const draw = (): void => picture(element, canvas.current, playback);
    const sizes = new ResizeObserver(draw);
    sizes.observe(element);
    const unsubscribe = theme.subscribe(() => requestAnimationFrame(draw));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => {
      sizes.disconnect();
      unsubscribe();
      dark.removeEventListener("change", draw);
    };
  }, [playback]);

  useSignalEffect(() => {
    const second = deck.second.value;
    if (head.current !== null) head.current.style.left = `${share(second) * 100}%`;
  });

  const seek = (event: PointerEvent): void => {
    const area = box.current?.getBoundingClientRect();
    if (area === undefined || area.width === 0) return;
    deck.seek(from + Math.min(1, Math.max(0, (event.clientX - area.left) / area.width)) * (to - from));
  };
  return (
    <div
      ref={box}
      class="wave"
      role="slider"
      tabIndex={0}
      aria-label={t("player.position")}
      aria-valuemin={0}
      aria-valuemax={Math.round(to - from)}
      aria-valuenow={0}
      data-testid="wave"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seek(event);
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && seek(event)}
    >
      <canvas ref={canvas} aria-hidden="true" />
      {pins.map((second, n) => (
        <span key={n} class="pin" aria-hidden="true" style={{ left: `${share(second) * 100}%` }} />
      ))}
      <Told deck={deck} box={box} />
      <div ref={head} class="playhead" aria-hidden="true" />
    </div>
  );
}

/** Tells a screen reader the second, once a second: the slider itself is not drawn anew for it. */
function Told({ deck, box }: { deck: Deck; box: { current: HTMLDivElement | null } }): null {
  useSignalEffect(() => {
    const now = Math.max(0, Math.round(deck.second.value - deck.span[0]));
    const element = box.current;
    if (element === null || element.getAttribute("aria-valuenow") === String(now)) return;
    element.setAttribute("aria-valuenow", String(now));
    element.setAttribute("aria-valuetext", t("player.at", { at: length(now), of: length(deck.span[1] - deck.span[0]) }));
  });
  return null;
}

function picture(box: HTMLElement, canvas: HTMLCanvasElement | null, playback: Playback): void {
  const context = canvas?.getContext("2d");
  if (canvas === null || context === null || context === undefined || box.clientWidth === 0) return;
  const dense = Math.min(3, devicePixelRatio || 1);
  const width = box.clientWidth;
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(HEIGHT * dense);
  context.setTransform(dense, 0, 0, dense, 0, 0);
  paint(context, playback, width, coloursOf(box));
}

/** The tokens as the canvas takes them: `light-dark(..)` is for style sheets alone. */
function coloursOf(box: HTMLElement): Colours {
  const probe = document.createElement("span");
  box.append(probe);
  const found = Object.entries(TOKENS).map(([name, token]) => {
    probe.style.color = `var(${token})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found) as unknown as Colours;
}
