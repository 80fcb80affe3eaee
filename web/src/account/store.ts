import { effect, signal } from "@preact/signals";
import { logout } from "../net/api";
import { Refused } from "../net/ask";
import { once, signedOut, wordsOf, type Account } from "./api";
import { t } from "./words";

export const account = signal<Account | null>(null);
export const state = signal<"checking" | "signed_out" | "signed_in" | "away">("checking");
/** What was done last, or why it was not. */
export const said = signal<{ kind: "good" | "danger"; words: string } | null>(null);

export async function begin(): Promise<void> {
  try {
    account.value = await once<Account>("GET", "/account");
    state.value = "signed_in";
  } catch (error) {
    state.value = error instanceof Refused && error.status === 401 ? "signed_out" : "away";
  }
}

export async function leave(): Promise<void> {
  await logout();
  account.value = null;
  state.value = "signed_out";
}

/** Do something, say what was done, and read the account anew; false where it came to nothing. */
export async function act(words: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    said.value = words === "" ? null : { kind: "good", words };
    await begin();
    return true;
  } catch (error) {
    said.value = { kind: "danger", words: wordsOf(error) };
    return false;
  }
}

signedOut.tell = () => {
  state.value = "signed_out";
};

effect(() => {
  document.title = `${t("account.title")} · Hotline`;
});
