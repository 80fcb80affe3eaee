/** The few plain requests the pages make. */

export interface Health {
  status: string;
  version: string;
  sip: string[];
  speech: Record<string, string | null>;
  flows: string[];
}

/** `code`: the password is right, and the account has an app. `unfinished`: signed in, with something to do at /account first. */
export type LoginOutcome = "ok" | "code" | "unfinished" | "wrong" | "locked" | "unreachable" | "refused" | "provider_away";

/** A provider of OpenID Connect, and the words of its button. */
export interface Provider {
  name: string;
  zh: string;
  en: string;
}

export async function providers(): Promise<Provider[]> {
  try {
    const response = await fetch("/api/v1/sign-in", { headers: { accept: "application/json" } });
    return response.ok ? ((await response.json()) as { providers: Provider[] }).providers : [];
  } catch {
    return [];
  }
}

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

export async function login(username: string, password: string, code = ""): Promise<LoginOutcome> {
  try {
    const response = await fetch("/api/v1/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password, code }),
    });
    const body = (await response.json().catch(() => ({}))) as { limited?: string; error?: { code?: string } };
    if (response.ok) return (body.limited ?? "") === "" ? "ok" : "unfinished";
    if (body.error?.code === "code_needed") return "code";
    return response.status === 429 || response.status === 423 ? "locked" : response.status < 500 ? "wrong" : "unreachable";
  } catch {
    return "unreachable";
  }
}

/** Who is signed in; `limited` is what has to be done at /account first. */
export interface Me {
  roles: readonly string[];
  limited: "" | "password" | "totp";
}

/** `unknown` where the server cannot be asked now. */
export async function me(): Promise<Me | "no" | "unknown"> {
  try {
    const response = await fetch("/api/v1/me", { headers: { accept: "application/json" } });
    if (!response.ok) return response.status === 401 || response.status === 403 ? "no" : "unknown";
    const { roles = [], limited = "" } = (await response.json()) as Partial<Me>;
    return { roles, limited };
  } catch {
    return "unknown";
  }
}

export async function signedIn(): Promise<"yes" | "no" | "unknown"> {
  const found = await me();
  return typeof found === "string" ? found : "yes";
}

/** End the session; where a provider vouched for it the page goes on to the provider, which leads back to this page. */
export async function logout(): Promise<void> {
  try {
    const headers = { "content-type": "application/json" };
    const response = await fetch("/api/v1/logout", { method: "POST", headers, body: JSON.stringify({ back: location.pathname }) });
    const { next = "" } = (await response.json()) as { next?: string };
    if (/^https?:/.test(next)) location.assign(next);
  } catch {
    // Nothing was told: the page shows its sign-in all the same.
  }
}
