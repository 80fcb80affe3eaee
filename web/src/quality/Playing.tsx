import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Player } from "./player/Player";
import { route } from "./route";
import { second, wanted } from "./seek";

interface Props {
  contact: string;
  at: number | null;
  /** Seconds to which somebody wrote something. */
  pins: readonly number[];
}

/** The player, in step with the card and the notes beside it. */
export function Playing({ contact, at, pins }: Props): JSX.Element {
  useEffect(() => () => void (second.value = wanted.value = null), []);
  return <Player contact={contact} at={at} find={route.value.query.get("q") ?? ""} second={second} wanted={wanted} pins={pins} />;
}
