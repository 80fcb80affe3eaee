import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Player } from "./player/Player";
import { route } from "./route";
import { second, turns, wanted } from "./seek";

interface Props {
  contact: string;
  at: number | null;
  /** The turn with which to begin. */
  turn: number | null;
  /** Seconds to which somebody wrote something. */
  pins: readonly number[];
}

/** The player, in step with the card and the notes beside it. */
export function Playing({ contact, at, turn, pins }: Props): JSX.Element {
  useEffect(() => () => void (second.value = wanted.value = null), []);
  useEffect(() => () => void (turns.value = []), [contact]);
  return <Player contact={contact} at={at} turn={turn} turns={turns} find={route.value.query.get("q") ?? ""} second={second} wanted={wanted} pins={pins} />;
}
