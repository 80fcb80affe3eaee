import { batch, computed, effect, signal } from "@preact/signals";
import { EMPTY_BOOK, type Book } from "../desk/side/book";
import { takeIntents } from "../i18n";
import { logout } from "../net/api";
import { Refused } from "../net/ask";
import { appeals, ask, mineCount, signedOut, whoAmI, wordsOf, type Me } from "./api";
import { t } from "./words";

export const account = signal<"checking" | "signed_out" | "signed_in" | "not_allowed" | "away">("checking");
const NOBODY: Me = { id: "", name: "", roles: [] };
/** Who has this page; also while a session is over, until somebody else signs in. */
export const who = signal<Me>(NOBODY);
/** Milliseconds for which what went well is told; what did not is told until somebody closes it. */
const SAID_MS = 6000;
/** What was done last, or why it was not. */
export const notice = signal<{ words: string; kind: "good" | "danger" } | null>(null);

/** Place of the page to how many new things wait there. */
export const news = signal<Record<string, number>>({});

const JUDGES = ["quality", "supervisor", "admin"];
const AGENTS = ["agent", "senior"];

/** Scenes, and what the house calls what callers want; the page stands without. */
export const book = signal<Book>(EMPTY_BOOK);

/** Whether this person judges the work of others. */
export const judges = computed(() => who.value.roles.some((role) => JUDGES.includes(role)));
/** Whether calls of this person's own are judged here. */
export const serves = computed(() => who.value.roles.some((role) => AGENTS.includes(role)));

export async function begin(): Promise<void> {
  try {
    const me = await whoAmI();
    const may = me.roles.some((role) => JUDGES.includes(role) || AGENTS.includes(role));
    batch(() => {
      who.value = may ? me : NOBODY;
      account.value = may ? "signed_in" : "not_allowed";
    });
    void countNews();
    if (may) void readBook();
  } catch (error) {
    const status = error instanceof Refused ? error.status : 0;
    account.value = status === 401 || status === 403 ? "signed_out" : "away";
    if (account.value === "away") setTimeout(() => account.value === "away" && void begin(), 2000);
  }
}

async function readBook(): Promise<void> {
  const found = await ask<Book>("GET", "/desk/book").catch(() => EMPTY_BOOK);
  batch(() => {
    book.value = { ...EMPTY_BOOK, ...found };
    takeIntents(found.intents);
  });
}

/** Count anew what waits; nothing changes where the server does not say. */
export async function countNews(): Promise<void> {
  if (account.value !== "signed_in") return;
  const none = (): null => null;
  const [own, open] = await Promise.all([
    serves.value ? mineCount().catch(none) : null,
    judges.value ? appeals({ state: "open", limit: 50 }).catch(none) : null,
  ]);
  const before = news.value;
  news.value = {
    mine: own === null ? (before["mine"] ?? 0) : own.unseen + own.coaching,
    appeals: open === null ? (before["appeals"] ?? 0) : open.appeals.filter((one) => one.review.evaluator !== who.value.id).length,
  };
}

export async function leave(): Promise<void> {
  account.value = "signed_out";
  who.value = NOBODY;
  news.value = {};
  await logout();
}

/** Do it, and say how it went; what it gave, or null where it came to nothing. */
export async function act<Answer>(doing: Promise<Answer>, done: string): Promise<Answer | null> {
  try {
    const answer = await doing;
    notice.value = done === "" ? null : { words: done, kind: "good" };
    return answer;
  } catch (error) {
    notice.value = { words: wordsOf(error), kind: "danger" };
    return null;
  }
}

signedOut.tell = () => {
  account.value = "signed_out";
};

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void countNews();
});
effect(() => {
  const said = notice.value;
  if (said?.kind === "good") setTimeout(() => notice.value === said && (notice.value = null), SAID_MS);
});
effect(() => {
  document.title = `${t("quality.title")} · Hotline`;
});
