/** Requests of accounts (docs/accounts.md), and the password that some of them ask for once more. */
import { signal } from "@preact/signals";
import { ask as plainly, Refused } from "../net/ask";
import { called, t } from "./words";

export interface AuditLine {
  id: number;
  at: number;
  by: string;
  address: string;
  what: string;
  subject: string;
  note: string;
}

export interface Account {
  id: string;
  name: string;
  roles: string[];
  limited: "" | "password" | "totp";
  source: string;
  password: { own: boolean; changed_at: number | null };
  totp: { on: boolean; recovery_left: number; required: boolean };
  proved: boolean;
  lines: AuditLine[];
}

export interface Session {
  id: string;
  at: number;
  seen: number;
  address: string;
  browser: string;
  this: boolean;
}

export interface Token {
  id: string;
  owner: string;
  name: string;
  scopes: string[];
  created_at: number;
  expires_at: number | null;
  used_at: number | null;
  used_from: string;
}

export interface Person {
  id: string;
  name: string;
  roles: string[];
  source: string;
  disabled: boolean;
  must_change: boolean;
  created_at: number | null;
  created_by: string;
  signed_in_at: number | null;
  totp: boolean;
  sessions: number;
  /** API tokens that can be used. */
  tokens: number;
  locked_for: number;
}

/** What a dialog is open for: the password is wanted, and somebody waits for it. */
export interface Proof {
  /** Whether the account has an authenticator app. */
  code: boolean;
  done(given: boolean): void;
}

export const proof = signal<Proof | null>(null);
/** Told whenever an answer says that nobody is signed in. */
export const signedOut = { tell: (): void => undefined };

/** Ask; where the server wants the password once more, the person is asked for it, and then the server again. */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await once<T>(method, path, body);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "prove_again" || !(await prove())) throw error;
    return once<T>(method, path, body);
  }
}

export async function once<T>(method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await plainly<T>(method, `/api/v1${path}`, body);
  } catch (error) {
    if (error instanceof Refused && error.status === 401 && error.code === "sign_in_needed") signedOut.tell();
    throw error;
  }
}

/** Words for a person: the catalogue's where the server's code has them, else the server's own. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Refused)) return String(error);
  const words = called("account.error", error.code);
  return words === error.code || error.code === "" ? error.message || t("account.error.unknown") : words;
}

async function prove(): Promise<boolean> {
  const account = await once<Account>("GET", "/account").catch(() => null);
  if (account === null) return false;
  if (account.source.startsWith("oidc:")) {
    location.assign(`/api/v1/oidc/${account.source.slice(5)}/begin?again=1&back=${encodeURIComponent(location.pathname)}`);
    return false;
  }
  return new Promise((resolve) => {
    proof.value = {
      code: account.totp.on,
      done: (given) => {
        proof.value = null;
        resolve(given);
      },
    };
  });
}
