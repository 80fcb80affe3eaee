/** What an agent typed, kept in this tab until the contact is finished: a reload loses nothing. */
export interface Draft {
  note: string;
  disposition: string;
  /** True once the server has this note. */
  saved: boolean;
}

const PREFIX = "hotline.draft.";

export function loadDraft(contactId: string): Draft | null {
  try {
    const text = sessionStorage.getItem(PREFIX + contactId);
    return text === null ? null : (JSON.parse(text) as Draft);
  } catch {
    return null;
  }
}

export function keepDraft(contactId: string, draft: Draft): void {
  sessionStorage.setItem(PREFIX + contactId, JSON.stringify(draft));
}

export function forgetDraft(contactId: string): void {
  sessionStorage.removeItem(PREFIX + contactId);
}

/** What to show: the own unsent text first, else the server's note. */
export function mergeDraft(local: Draft | null, note: string): Draft {
  if (local === null) return { note, disposition: "", saved: true };
  return local.saved && note !== "" ? { ...local, note } : local;
}
