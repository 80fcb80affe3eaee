import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Contact } from "../model";
import { of, post } from "./requests";
import { book } from "./store";
import { s, told } from "./words";

/** A page of another system, signed in by a token that holds for a moment; a new contact, a new page. */
export function EmbeddedFrame({ name, contact }: { name: string; contact: Contact }): JSX.Element | null {
  const frame = book.value.frames.find((one) => one.name === name);
  const place = useSignal<{ url: string; origin: string } | "loading" | "failed">("loading");
  const wanted = useRef("");
  const open = async (): Promise<void> => {
    const path = (wanted.current = of(contact.id, `frames/${name}`));
    place.value = "loading";
    const found = await post<{ url: string; origin: string }>(path, {}).catch(() => "failed" as const);
    if (wanted.current === path) place.value = found;
  };
  useEffect(() => void open(), [contact.id, name]);
  if (frame === undefined) return null;
  const title = told(frame.title);
  const found = place.value;
  return (
    <section class="side-part frame" data-testid={`frame-${name}`} data-state={typeof found === "string" ? found : "ready"}>
      <h3>
        {title}
        {typeof found !== "string" && (
          <button type="button" class="small" onClick={() => void open()}>
            {s("side.frame.reload")}
          </button>
        )}
      </h3>
      {found === "loading" && <p class="calm">{s("side.frame.loading")}</p>}
      {found === "failed" && (
        <p class="calm">
          {s("side.frame.failed", { title })}{" "}
          <button type="button" class="small" onClick={() => void open()}>
            {s("side.frame.reload")}
          </button>
        </p>
      )}
      {typeof found !== "string" && (
        <iframe
          key={found.url}
          src={found.url}
          title={title}
          class={frame.tall ? "tall" : ""}
          // Its own origin may keep its own cookies; a page of ours gets none of ours.
          sandbox={`allow-scripts allow-forms allow-popups${found.origin === location.origin ? "" : " allow-same-origin"}`}
          referrerpolicy="no-referrer"
          loading="lazy"
        />
      )}
    </section>
  );
}
