import type { JSX } from "preact";
import { trouble } from "./store";
import { s } from "./words";

/** What the server did not take; it goes with the next thing that works. */
export function Trouble(): JSX.Element {
  const words = trouble.value;
  return (
    <p class="side-trouble" role="alert" data-testid="side-trouble" hidden={words === ""}>
      {words === "offline" ? s("side.trouble.offline") : words}
    </p>
  );
}
