import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ask, once, type AuditLine, type Session } from "./api";
import { account, act } from "./store";
import { browserName, doing, moment, t } from "./words";

/** Where this account is signed in, and the way to end it there. */
export function Sessions(): JSX.Element {
  const all = useSignal<Session[]>([]);
  const read = async (): Promise<void> => {
    all.value = (await once<{ sessions: Session[] }>("GET", "/account/sessions").catch(() => ({ sessions: all.value }))).sessions;
  };
  useEffect(() => void read(), [account.value]); // a new password has ended the others
  const end = async (path: string, words: string): Promise<void> => {
    await act(words, () => ask("DELETE", `/account/sessions${path}`));
    await read();
  };
  return (
    <section class="card" data-testid="sessions">
      <h2>{t("account.sessions")}</h2>
      <p>{t("account.sessions.why")}</p>
      <ul class="rows">
        {all.value.map((one) => (
          <li key={one.id} data-testid="session" data-this={one.this}>
            <div>
              <strong>{browserName(one.browser)}</strong>
              {one.this && <span class="tag">{t("account.session.this")}</span>}
              <span class="hint">{t("account.session.seen", { at: moment(one.seen), from: one.address })}</span>
            </div>
            {!one.this && <button type="button" onClick={() => void end(`/${one.id}`, t("account.session.ended"))}>{t("account.session.end")}</button>}
          </li>
        ))}
      </ul>
      {all.value.length > 1 && (
        <button type="button" data-testid="end-others" onClick={() => void end("", t("account.sessions.ended"))}>{t("account.sessions.end")}</button>
      )}
    </section>
  );
}

/** What happened with this account last. */
export function Lines({ lines }: { lines: readonly AuditLine[] }): JSX.Element {
  return (
    <section class="card" data-testid="lines">
      <h2>{t("account.lines")}</h2>
      {lines.length === 0 && <p class="hint">{t("account.lines.none")}</p>}
      <ul class="rows">
        {lines.slice(0, 10).map((one) => (
          <li key={one.id}>
            <div>
              <span>{doing(one.what)}</span>
              <span class="hint">{[moment(one.at), one.address].filter(Boolean).join(" · ")}</span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
