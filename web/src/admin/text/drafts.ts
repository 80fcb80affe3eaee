/** What an admin typed, kept on this machine until the server has it: a crash, a reload or a lost network costs nothing. */
export interface LocalDraft {
  text: string;
  /** The text it was begun from, for a merge. */
  base: string;
  /** The revision of the server that `base` was. */
  revision: string;
  /** Milliseconds since the epoch. */
  at: number;
}

const PREFIX = "hotline.admin.draft.";

export function loadLocal(id: string, storage: Storage = localStorage): LocalDraft | null {
  try {
    const found = JSON.parse(storage.getItem(PREFIX + id) ?? "null") as Partial<LocalDraft> | null;
    if (found === null || typeof found.text !== "string" || typeof found.base !== "string") return null;
    return { text: found.text, base: found.base, revision: String(found.revision ?? ""), at: Number(found.at ?? 0) };
  } catch {
    return null;
  }
}

/** Keep a draft; false where the browser has no room for it: then a person must be told. */
export function keepLocal(id: string, draft: LocalDraft, storage: Storage = localStorage): boolean {
  try {
    storage.setItem(PREFIX + id, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function forgetLocal(id: string, storage: Storage = localStorage): void {
  storage.removeItem(PREFIX + id);
}

/** What to show when a document is opened. */
export type Opening =
  /** Nothing local, or the same as on the server. */
  | { kind: "clean" }
  /** Typed here, on the revision that the server still has. */
  | { kind: "restored"; draft: LocalDraft }
  /** Typed here, and the server has moved on since: a person chooses. */
  | { kind: "stale"; draft: LocalDraft };

export function opening(local: LocalDraft | null, text: string, revision: string): Opening {
  if (local === null || local.text === text) return { kind: "clean" };
  if (local.text === local.base) return { kind: "clean" };
  return { kind: local.revision === revision ? "restored" : "stale", draft: local };
}
