import type { JSX } from "preact";

const SHAPES = {
  phone: "M6.6 3.5 9 3l1.6 3.9-1.8 1.5c.9 2.3 2.6 4.1 5 5.1l1.6-1.9L19.5 13.3l-.6 2.6c-.3 1.3-1.4 2.2-2.8 2.1C9.7 17.6 4.6 12.5 4.2 6.1c-.1-1.3.9-2.3 2.4-2.6z",
  mic: "M12 3a2.5 2.5 0 0 0-2.5 2.5v5a2.5 2.5 0 0 0 5 0v-5A2.5 2.5 0 0 0 12 3zM6.5 10.5a5.5 5.5 0 0 0 11 0M12 16v4M9 20h6",
  mute: "M9.5 9V5.5a2.5 2.5 0 0 1 5 0v4M14 12a2.5 2.5 0 0 1-4.5-1.5M6.5 10.5a5.5 5.5 0 0 0 9 4.2M12 16v4M9 20h6M4 4l16 16",
  hold: "M9 6v12M15 6v12",
  play: "M8 5v14l11-7z",
  keys: "M6 6h.01M12 6h.01M18 6h.01M6 12h.01M12 12h.01M18 12h.01M6 18h.01M12 18h.01M18 18h.01",
  desk: "M4 5h16v10H4zM9 19h6M12 15v4",
  board: "M4 20h16M7 16v-5M12 16V5M17 16V9",
  check: "M5 12.5 10 17 19 7",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4",
  moon: "M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z",
  auto: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 4v16",
  out: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
  copy: "M9 9h10v10H9zM5 15V5h10",
  close: "M6 6l12 12M18 6 6 18",
  transfer: "M4 9h13M13 5l4 4-4 4M20 15H7M11 11l-4 4 4 4",
  park: "M8 20V4h5a4.5 4.5 0 0 1 0 9H8",
  record: "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  stop: "M7 7h10v10H7z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  headset: "M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v5H5a1 1 0 0 1-1-1zM20 14h-3v5h2a1 1 0 0 0 1-1zM19 19c0 1.5-2 2-5 2",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5h.01",
  signal: "M5 19v-4M10 19v-7M15 19V9M20 19V5",
  flow: "M5 4h6v5H5zM13 15h6v5h-6zM8 9v8.5h5",
} as const;

export type IconName = keyof typeof SHAPES | "hangup";

/** Drawn in the colour of the text; says nothing to a screen reader. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }): JSX.Element {
  const filled = name === "phone" || name === "hangup";
  return (
    <svg
      class={filled ? "icon icon-filled" : "icon"}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      {name === "hangup" ? <path d={SHAPES.phone} transform="rotate(135 12 12)" /> : <path d={SHAPES[name]} />}
    </svg>
  );
}
