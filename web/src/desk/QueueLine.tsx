import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { length, t } from "../i18n";
import type { Queue } from "./model";
import { now } from "./store";

/** The queues in one line: as many as there is room for, none of them cut; the others are one click away. */
export function QueueLine({ queues }: { queues: Queue[] }): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  const hidden = useSignal(0);
  useLayoutEffect(() => {
    const box = list.current;
    if (box === null) return undefined;
    const count = (): void => {
      const items = [...box.children] as HTMLElement[];
      hidden.value = items.filter((one) => one.offsetTop > (items[0]?.offsetTop ?? 0)).length;
    };
    count();
    const sizes = new ResizeObserver(count);
    sizes.observe(box);
    return () => sizes.disconnect();
  }, [queues]);
  const rest = hidden.value === 0 ? [] : queues.slice(-hidden.value);
  const waiting = rest.reduce((sum, one) => sum + one.waiting, 0);
  const words = t("queue.others", { n: rest.length, waiting });
  return (
    <div class="queue-line">
      <ul ref={list} class="queues" aria-label={t("queue.label")} data-testid="queues">
        {queues.map((queue) => (
          <One key={queue.name} queue={queue} />
        ))}
      </ul>
      {rest.length > 0 && (
        <details class="queues-rest" data-testid="queues-rest">
          <summary title={words} aria-label={words} class={waiting > 0 ? "figures busy" : "figures"}>
            +{rest.length}
          </summary>
          <ul aria-label={t("queue.label")}>
            {queues.map((queue) => (
              <One key={queue.name} queue={queue} />
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function One({ queue }: { queue: Queue }): JSX.Element {
  const longest = queue.waiting > 0 ? queue.longest_since : null;
  return (
    <li class={queue.waiting > 0 ? "busy" : ""}>
      <b>{queue.name}</b>{" "}
      <span>
        {queue.waiting === 0 ? t("queue.quiet") : t("queue.waiting", { n: queue.waiting })}
        {longest !== null && <span class="longest figures">{`, ${t("queue.longest", { time: length(now() - longest) })}`}</span>}
      </span>
    </li>
  );
}
