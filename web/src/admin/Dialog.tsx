import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../ui/icons";
import { t } from "./words";

interface Props {
  title: string;
  id: string;
  wide?: boolean;
  close(): void;
  children: ComponentChildren;
}

/** A window over the page; Esc closes it and the focus goes back to where it was. */
export function Dialog({ title, id, wide = false, close, children }: Props): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog
      ref={box}
      class={wide ? "dialog wide" : "dialog"}
      aria-labelledby={`${id}-title`}
      data-testid={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        <button type="button" class="plain square" aria-label={t("admin.close")} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
