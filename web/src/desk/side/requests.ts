/** Requests of the workbench. What goes wrong is thrown as words for a person, "" where the server cannot be reached. */

import { ask as plainly, Refused } from "../../net/ask";

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await plainly<T>(method, path, body);
  } catch (error) {
    throw error instanceof Refused && error.status >= 500 ? new Refused(error.status, error.code, "") : error;
  }
}

export const get = <T>(path: string): Promise<T> => ask<T>("GET", path);
export const post = <T>(path: string, body: unknown): Promise<T> => ask<T>("POST", path, body);

/** The path of something of a contact. */
export function of(contactId: string, rest: string): string {
  return `/api/v1/desk/contacts/${encodeURIComponent(contactId)}/${rest}`;
}
