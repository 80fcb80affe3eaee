/** Requests of the workbench. What goes wrong is thrown as words for a person, "" where the server cannot be reached. */

export class Refused extends Error {}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { accept: "application/json", ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refused("");
  }
  const found = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
  if (!response.ok) throw new Refused(response.status >= 500 ? "" : (found.error?.message ?? ""));
  return found as T;
}

export const get = <T>(path: string): Promise<T> => ask<T>("GET", path);
export const post = <T>(path: string, body: unknown): Promise<T> => ask<T>("POST", path, body);

/** The path of something of a contact. */
export function of(contactId: string, rest: string): string {
  return `/api/v1/desk/contacts/${encodeURIComponent(contactId)}/${rest}`;
}
