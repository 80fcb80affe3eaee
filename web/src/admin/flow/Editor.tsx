import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { language } from "../../i18n";
import type { Problem } from "../api";
import type { EditorHandle, EditorOptions } from "../editor/api";
import { mayWrite, names } from "../store";
import { t } from "../words";
import type { Document } from "./document";
import { schema, type Workspace } from "./workspace";

type Mount = (host: HTMLElement, options: EditorOptions) => EditorHandle;
const mount = signal<Mount | null>(null);
const missing = signal(false);

/** The editor is a quarter of a megabyte: it comes when the first text is opened, and again after a lost network. */
async function load(): Promise<void> {
  if (mount.value !== null) return;
  try {
    mount.value = (await import("../editor/mount")).mountEditor;
    missing.value = false;
  } catch {
    missing.value = true;
    setTimeout(() => void load(), 3000);
  }
}

interface Props {
  document: Document;
  label: string;
  kind: "flow" | "plain";
  id: string;
  workspace: Workspace;
  problems(): readonly Problem[];
  ready(handle: EditorHandle): void;
}

export function Editor({ document, label, kind, id, workspace, problems, ready }: Props): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const mounted = mount.value;
  useEffect(() => void load(), []);
  useEffect(() => {
    if (mounted === null || host.current === null) return undefined;
    const handle = mounted(host.current, {
      text: document.text.peek(),
      label,
      readOnly: !mayWrite(),
      kind,
      schema: () => schema.value,
      names: () => names.value,
      onChange: (text) => document.edit(text),
      onCursor: (line, column, about) => {
        if (kind !== "flow") return;
        workspace.cursor.value = { line, column };
        workspace.about.value = about;
      },
      onKeep: () => void document.flush(),
      onTry: () => (workspace.panel.value = "try"),
    });
    ready(handle);
    const ends = [
      effect(() => handle.setProblems(problems())),
      effect(() => {
        void language.value;
        handle.speak();
      }),
      effect(() => handle.setReadOnly(!mayWrite())),
    ];
    return () => {
      for (const end of ends) end();
      handle.destroy();
    };
  }, [mounted, document]);
  return (
    <div class="editor">
      <div ref={host} class="editor-host" data-testid={id} />
      {mounted === null && <p class="calm pad" role="status">{missing.value ? t("flow.editor.missing") : t("admin.loading")}</p>}
    </div>
  );
}
