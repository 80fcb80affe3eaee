/** A request that came to nothing; status 0 where the server did not answer. `message` is what it said for a person, or "". */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What the server answers in JSON. `leaving`: goes out even where the tab is closed meanwhile. Rejects with Refused. */
export async function ask<Given>(method: string, path: string, body?: unknown, leaving = false): Promise<Given> {
  const init: RequestInit = { method, headers: { accept: "application/json" }, keepalive: leaving };
  if (body !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refused(0, "offline", "");
  }
  const found = (await response.json().catch(() => ({}))) as { error?: { code?: string; message?: string } };
  if (!response.ok) throw new Refused(response.status, found.error?.code ?? "", found.error?.message ?? "");
  return found as Given;
}
