import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../ui/icons";
import { panel } from "../store";
import { t } from "./words";

interface Props {
  /** Words of the heading. */
  title: string;
  name: string;
  wide?: boolean;
  children: ComponentChildren;
}

/** A window above the bar that hides no more than it must: the story stays in sight. The focus goes in, and back when it closes. */
export function Panel({ title, name, wide = false, children }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const first = box.current?.querySelector<HTMLElement>("[data-first]") ?? box.current?.querySelector<HTMLElement>("button, input, select");
    first?.focus();
    return () => {
      const within = document.activeElement === document.body || box.current?.contains(document.activeElement) === true;
      if (within && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <div ref={box} class={wide ? "line-panel wide" : "line-panel"} role="dialog" aria-label={title} data-testid={`panel-${name}`}>
      <div class="line-head">
        <h2>{title}</h2>
        <button type="button" class="plain square" aria-label={t("line.close")} title={t("line.close")} data-testid="panel-close" onClick={() => (panel.value = "")}>
          <Icon name="close" />
        </button>
      </div>
      {children}
    </div>
  );
}
