import type { JSX } from "preact";
import { useRef } from "preact/hooks";

/** A button that takes a file from the person's disk. */
export function Attach(props: { label: string; disabled?: boolean; testId: string; take(file: File): void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="action" disabled={props.disabled} data-testid={props.testId} onClick={() => input.current?.click()}>
        {props.label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        data-testid={`${props.testId}-input`}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file !== undefined) props.take(file);
        }}
      />
    </>
  );
}

/** 640 KB, 2.4 MB. */
export function octets(size: number): string {
  return size < 1_000_000 ? `${Math.max(1, Math.round(size / 1000))} KB` : `${(size / 1_000_000).toFixed(1)} MB`;
}
