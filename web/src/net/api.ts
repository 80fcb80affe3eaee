/** The few plain requests the pages make. */

export interface Health {
  status: string;
  version: string;
  sip: string[];
  speech: Record<string, string | null>;
  flows: string[];
}

export type LoginOutcome = "ok" | "wrong" | "locked" | "unreachable";

export async function fetchHealth(): Promise<Health | null> {
  try {
    const response = await fetch("/api/v1/health", { headers: { accept: "application/json" } });
    if (!response.ok) return null;
    const body = (await response.json()) as Partial<Health>;
    return {
      status: body.status ?? "",
      version: body.version ?? "",
      sip: body.sip ?? [],
      speech: body.speech ?? {},
      flows: body.flows ?? [],
    };
  } catch {
    return null;
  }
}

export async function login(username: string, password: string): Promise<LoginOutcome> {
  try {
    const response = await fetch("/api/v1/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password }),
    });
    if (response.ok) return "ok";
    return response.status === 429 || response.status === 423 ? "locked" : response.status < 500 ? "wrong" : "unreachable";
  } catch {
    return "unreachable";
  }
}

/** `unknown` where the server cannot be asked now. */
export async function signedIn(): Promise<"yes" | "no" | "unknown"> {
  try {
    const response = await fetch("/api/v1/me", { headers: { accept: "application/json" } });
    if (response.ok) return "yes";
    return response.status === 401 || response.status === 403 ? "no" : "unknown";
  } catch {
    return "unknown";
  }
}

export async function logout(): Promise<void> {
  await fetch("/api/v1/logout", { method: "POST" }).catch(() => undefined);
}
