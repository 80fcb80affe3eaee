import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../ui/icons";
import { card } from "./store";
import { t } from "./words";

interface Props {
  title: string;
  id: string;
  children: ComponentChildren;
}

/** A card over the board's edge; Esc or a click beside it closes it, and the focus goes back to where it was. */
export function Panel({ title, id, children }: Props): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  const close = (): void => void (card.value = null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog
      ref={box}
      class="panel"
      aria-labelledby={`${id}-title`}
      data-testid={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => event.target === box.current && close()}
    >
      <div class="panel-in">
        <header>
          <h2 id={`${id}-title`}>{title}</h2>
          <button type="button" class="plain square" aria-label={t("wall.close")} data-testid="card-close" onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Names and values, one below the other. */
export function Facts({ rows }: { rows: [string, ComponentChildren][] }): JSX.Element {
  return (
    <dl class="facts">
      {rows
        .filter(([, value]) => value !== "" && value !== null && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
