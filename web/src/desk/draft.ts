/** What an agent typed, kept in this tab until the contact is finished: a reload loses nothing. */
export interface Draft {
  note: string;
  disposition: string;
  /** When to follow up, as a field of day and time has it; "" for not at all. */
  follow_up: string;
  /** True once the server has this note. */
  saved: boolean;
}

export const NO_DRAFT: Draft = { note: "", disposition: "", follow_up: "", saved: true };

const PREFIX = "hotline.draft.";

export function loadDraft(contactId: string): Draft | null {
  try {
    const text = sessionStorage.getItem(PREFIX + contactId);
    return text === null ? null : { ...NO_DRAFT, ...(JSON.parse(text) as Partial<Draft>) };
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

/** Notes that the server has not got, of contacts other than `but`: of calls that were over before the line was back. */
export function unsentDrafts(but: string): { id: string; note: string }[] {
  const found: { id: string; note: string }[] = [];
  for (const key of Object.keys(sessionStorage)) {
    const id = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : "";
    const draft = id === "" || id === but ? null : loadDraft(id);
    if (draft !== null && !draft.saved && draft.note !== "") found.push({ id, note: draft.note });
  }
  return found;
}

/** What to show: the own unsent text first, else the server's note. */
export function mergeDraft(local: Draft | null, note: string): Draft {
  if (local === null) return { ...NO_DRAFT, note };
  return local.saved && note !== "" ? { ...local, note } : local;
}
