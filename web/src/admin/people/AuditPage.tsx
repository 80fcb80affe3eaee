import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import "../../styles/account.css";
import { ask, wordsOf, type AuditLine } from "../../account/api";
import { called, doing, moment, t } from "../../account/words";

/** Who did what, whom it concerned and from where; searched, and read further back by the page. */
export function AuditPage(): JSX.Element {
  const lines = useSignal<AuditLine[] | null>(null);
  const next = useSignal<number | null>(null);
  const text = useSignal("");
  const by = useSignal("");
  const failed = useSignal("");
  const read = async (before: number | null): Promise<void> => {
    const query = new URLSearchParams({ limit: "100", text: text.value, by: by.value });
    if (before !== null) query.set("before", String(before));
    try {
      const page = await ask<{ lines: AuditLine[]; next: number | null }>("GET", `/audit?${query.toString()}`);
      lines.value = before === null ? page.lines : [...(lines.value ?? []), ...page.lines];
      next.value = page.next;
      failed.value = "";
    } catch (error) {
      failed.value = wordsOf(error);
    }
  };
  useEffect(() => {
    const later = setTimeout(() => void read(null), 200);
    return () => clearTimeout(later);
  }, [text.value, by.value]);
  return (
    <main class="page audit-page" data-testid="audit">
      <header class="page-head">
        <h1>{t("audit.title")}</h1>
        <input type="search" class="search" aria-label={t("audit.search")} placeholder={t("audit.search")} onInput={(event) => (text.value = event.currentTarget.value)} data-testid="audit-text" />
        <input type="search" class="search" aria-label={t("audit.by")} placeholder={t("audit.by")} onInput={(event) => (by.value = event.currentTarget.value)} data-testid="audit-by" />
      </header>
      {failed.value !== "" && <p class="notice attention" role="alert"><span class="shape attention" aria-hidden="true" /><span>{failed.value}</span></p>}
      {lines.value === null && failed.value === "" && <p class="calm" role="status">{t("account.loading")}</p>}
      {lines.value?.length === 0 && <p class="calm">{t("audit.none")}</p>}
      {lines.value !== null && lines.value.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("audit.title")}>
          <table class="list">
            <thead>
              <tr>{(["audit.at", "audit.by", "audit.what", "audit.subject", "audit.note", "audit.address"] as const).map((key) => <th key={key} scope="col">{t(key)}</th>)}</tr>
            </thead>
            <tbody>
              {lines.value.map((one) => (
                <tr key={one.id} data-testid="audit-line">
                  <td class="figures">{moment(one.at)}</td>
                  <th scope="row">{one.by || "—"}</th>
                  <td>{doing(one.what)}</td>
                  <td>{one.what === "signed in" ? called("account.source", one.subject.replace(/:.*/, "")) : one.subject}</td>
                  <td>{one.note}</td>
                  <td>{one.address}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {next.value !== null && <button type="button" onClick={() => void read(next.value)}>{t("audit.more")}</button>}
    </main>
  );
}
