import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { ask, type Account } from "./api";
import { act, begin } from "./store";
import { t } from "./words";

interface Enrolment {
  secret: string;
  uri: string;
  rows: string[];
}

/** The authenticator app: set up with a picture, kept with recovery codes, taken out. */
export function Totp({ totp, limited }: { totp: Account["totp"]; limited: boolean }): JSX.Element {
  const begun = useSignal<Enrolment | null>(null);
  const codes = useSignal<string[] | null>(null);
  const start = (): Promise<boolean> =>
    act("", async () => {
      begun.value = await ask<Enrolment>("POST", "/account/totp");
    });
  const take = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get("code"));
    await act(t("account.totp.done"), async () => {
      codes.value = (await ask<{ recovery: string[] }>("PUT", "/account/totp", { code })).recovery;
      begun.value = null;
    });
  };
  return (
    <section class="card" data-testid="totp" data-on={totp.on}>
      <h2>{t("account.totp")}</h2>
      <p>{totp.on ? t("account.totp.on", { n: totp.recovery_left }) : t("account.totp.off")}</p>
      {limited && <p class="attention">{t("account.limited.totp")}</p>}
      {codes.value !== null && (
        <div class="shown-once" role="status" data-testid="recovery">
          <p><strong>{t("account.recovery")}</strong> {t("account.recovery.why")}</p>
          <ul class="codes">{codes.value.map((one) => <li key={one}><code>{one}</code></li>)}</ul>
          <button type="button" onClick={() => (codes.value = null)}>{t("account.recovery.kept")}</button>
        </div>
      )}
      {begun.value !== null && (
        <form class="enrol" onSubmit={(event) => void take(event)}>
          <Picture rows={begun.value.rows} />
          <div>
            <p>{t("account.totp.scan")}</p>
            <p><code class="secret" data-testid="totp-secret">{begun.value.secret}</code></p>
            <label class="field">
              <span>{t("login.code")}</span>
              <input name="code" inputMode="numeric" autocomplete="one-time-code" pattern="[0-9 ]{6,7}" required data-testid="totp-code" />
            </label>
            <button type="submit" class="primary" data-testid="totp-take">{t("account.totp.take")}</button>
          </div>
        </form>
      )}
      {!totp.on && begun.value === null && (
        <button type="button" data-testid="totp-begin" onClick={() => void start()}>{t("account.totp.begin")}</button>
      )}
      {totp.on && (
        <button type="button" data-testid="totp-drop" onClick={() => void act(t("account.totp.dropped"), () => ask("DELETE", "/account/totp")).then(begin)}>
          {t("account.totp.drop")}
        </button>
      )}
    </section>
  );
}

/** A QR code; dark on light in dark pages too, for cameras. */
function Picture({ rows }: { rows: readonly string[] }): JSX.Element {
  const path = rows.flatMap((row, y) => [...row].map((one, x) => (one === "1" ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  const size = rows.length;
  return (
    <svg class="qr" viewBox={`-3 -3 ${size + 6} ${size + 6}`} role="img" aria-label={t("account.totp.picture")} shape-rendering="crispEdges">
      <path d={path} />
    </svg>
  );
}
