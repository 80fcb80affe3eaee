import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import "../../styles/hooks.css";
import { ask } from "../api";
import { complain, notice, wordsOf } from "../store";
import { moment, t, type AdminKey } from "../words";

/** What `GET /api/v1/webhooks` says (docs/events.md). */
interface Hook {
  name: string;
  where: string;
  events: string[];
  waiting: number;
  sent: number;
  dead: number;
  last_at: number | null;
}

interface Delivery {
  id: number;
  hook: string;
  kind: string;
  subject: string;
  status: "waiting" | "sent" | "dead";
  attempts: number;
  answered: number | null;
  reason: string;
  at: string;
  next_at: string | null;
}

const ROOT = "/api/v1/webhooks";
const PAGE = 50;
const SHAPES = { waiting: "waiting", sent: "good", dead: "danger" } as const;
const STATUS: Record<Delivery["status"], AdminKey> = { waiting: "hooks.waiting", sent: "hooks.sent", dead: "hooks.dead" };
const TIMES: readonly (readonly [number, AdminKey])[] = [[3600, "hooks.hour"], [86_400, "hooks.day"], [7 * 86_400, "hooks.week"]];

/** Other systems that are told what happens: what waits, what did not arrive, and once more. */
export function HooksPage(): JSX.Element {
  const hooks = useSignal<Hook[] | null>(null);
  const rows = useSignal<Delivery[] | null>(null);
  const next = useSignal<number | null>(null);
  const hook = useSignal("");
  const status = useSignal("");
  const failed = useSignal("");

  const read = async (before: number | null = null): Promise<void> => {
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (hook.value !== "") query.set("hook", hook.value);
    if (status.value !== "") query.set("status", status.value);
    if (before !== null) query.set("before", String(before));
    try {
      const [all, page] = await Promise.all([
        ask<{ hooks: Hook[] }>("GET", ROOT),
        ask<{ deliveries: Delivery[]; next: number | null }>("GET", `${ROOT}/deliveries?${query.toString()}`),
      ]);
      hooks.value = all.hooks;
      rows.value = before === null ? page.deliveries : [...(rows.value ?? []), ...page.deliveries];
      next.value = page.deliveries.length === PAGE ? page.next : null;
      failed.value = "";
    } catch (error) {
      failed.value = wordsOf(error);
    }
  };
  useEffect(() => void read(), [hook.value, status.value]);

  const act = async (path: string, words: (answer: Record<string, unknown>) => [string, "good" | "danger"], body?: unknown): Promise<void> => {
    try {
      const [said, kind] = words(await ask<Record<string, unknown>>("POST", ROOT + path, body));
      notice.value = { words: said, kind };
    } catch (error) {
      complain(error);
    }
    await read();
  };
  const counted = (answer: Record<string, unknown>): [string, "good"] => [t("hooks.again.done", { n: Number(answer.count) }), "good"];

  return (
    <main class="page webhooks" data-testid="webhooks">
      <header class="page-head">
        <h1>{t("nav.webhooks")}</h1>
        <button type="button" onClick={() => void read()} data-testid="hooks-read">{t("hooks.read")}</button>
      </header>
      {failed.value !== "" && <p class="notice attention" role="alert"><span class="shape attention" aria-hidden="true" /><span>{failed.value}</span></p>}
      {hooks.value === null && failed.value === "" && <p class="calm" role="status">{t("admin.loading")}</p>}
      {hooks.value?.length === 0 && <p class="calm" data-testid="hooks-none">{t("hooks.none")}</p>}
      {hooks.value !== null && hooks.value.length > 0 && (
        <>
          <div class="scroll" tabIndex={0} role="region" aria-label={t("nav.webhooks")}>
            <table class="list">
              <thead>
                <tr>
                  {(["hooks.name", "hooks.where", "hooks.events", "hooks.waiting", "hooks.sent", "hooks.dead", "hooks.last"] as const).map((key) => <th key={key} scope="col">{t(key)}</th>)}
                  <th scope="col"><span class="unseen">{t("hooks.do")}</span></th>
                </tr>
              </thead>
              <tbody>
                {hooks.value.map((one) => (
                  <tr key={one.name} data-testid={`hook-${one.name}`}>
                    <th scope="row">{one.name}</th>
                    <td>{one.where}</td>
                    <td>{one.events.join(", ")}</td>
                    <td class="figures">{one.waiting}</td>
                    <td class="figures">{one.sent}</td>
                    <td class="figures">{one.dead > 0 && <span class="shape danger" aria-hidden="true" />} {one.dead}</td>
                    <td class="figures">{one.last_at === null ? "–" : moment(one.last_at)}</td>
                    <td class="do">
                      <button
                        type="button"
                        data-testid="hook-ping"
                        onClick={() => void act(`/${one.name}/ping`, (answer) => (answer.taken === true ? [t("hooks.ping.good", { name: one.name, seconds: Number(answer.seconds) }), "good"] : [t("hooks.ping.bad", { name: one.name, why: String(answer.reason) }), "danger"]))}
                      >
                        {t("hooks.ping")}
                      </button>
                      {one.dead > 0 && <button type="button" data-testid="hook-revive" onClick={() => void act(`/${one.name}/revive`, counted)}>{t("hooks.revive")}</button>}
                      <select
                        aria-label={t("hooks.replay", { name: one.name })}
                        data-testid="hook-replay"
                        value=""
                        onChange={(event) => {
                          const seconds = Number(event.currentTarget.value);
                          event.currentTarget.value = "";
                          const until = Date.now() / 1000 + 1;
                          if (seconds > 0) void act(`/${one.name}/replay`, counted, { from: until - seconds, until });
                        }}
                      >
                        <option value="">{t("hooks.replay.choose")}</option>
                        {TIMES.map(([seconds, key]) => <option key={key} value={seconds}>{t(key)}</option>)}
                      </select>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <section aria-label={t("hooks.deliveries")}>
            <header class="page-head">
              <h2>{t("hooks.deliveries")}</h2>
              <label class="inline">
                <span>{t("hooks.name")}</span>
                <select value={hook.value} onChange={(event) => (hook.value = event.currentTarget.value)} data-testid="hooks-hook">
                  <option value="">{t("hooks.all")}</option>
                  {hooks.value.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}
                </select>
              </label>
              <label class="inline">
                <span>{t("hooks.status")}</span>
                <select value={status.value} onChange={(event) => (status.value = event.currentTarget.value)} data-testid="hooks-status">
                  <option value="">{t("hooks.all")}</option>
                  {(Object.keys(STATUS) as Delivery["status"][]).map((name) => <option key={name} value={name}>{t(STATUS[name])}</option>)}
                </select>
              </label>
            </header>
            {rows.value?.length === 0 && <p class="calm">{t("hooks.nothing")}</p>}
            {rows.value !== null && rows.value.length > 0 && <Deliveries rows={rows.value} again={(id) => void act(`/deliveries/${id}/retry`, () => [t("hooks.again.done", { n: 1 }), "good"])} />}
            {next.value !== null && <button type="button" onClick={() => void read(next.value)}>{t("hooks.more")}</button>}
          </section>
        </>
      )}
    </main>
  );
}

function Deliveries({ rows, again }: { rows: Delivery[]; again(id: number): void }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("hooks.deliveries")}>
      <table class="list" data-testid="deliveries">
        <thead>
          <tr>
            {(["hooks.at", "hooks.name", "hooks.kind", "hooks.subject", "hooks.status", "hooks.tries", "hooks.answer"] as const).map((key) => <th key={key} scope="col">{t(key)}</th>)}
            <th scope="col"><span class="unseen">{t("hooks.do")}</span></th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.id} data-testid={`delivery-${one.id}`} data-status={one.status}>
              <td class="figures">{moment(Date.parse(one.at) / 1000)}</td>
              <th scope="row">{one.hook}</th>
              <td>{one.kind}</td>
              <td>{one.subject}</td>
              <td><span class={SHAPES[one.status]}><span class={`shape ${SHAPES[one.status]}`} aria-hidden="true" /> {t(STATUS[one.status])}</span></td>
              <td class="figures">{one.attempts}</td>
              <td>
                {one.reason || (one.answered ?? "")}
                {one.status === "waiting" && one.attempts > 0 && one.next_at !== null && <small class="calm"> {t("hooks.next", { when: moment(Date.parse(one.next_at) / 1000) })}</small>}
              </td>
              <td class="do">{one.status !== "waiting" && <button type="button" data-testid="delivery-again" onClick={() => again(one.id)}>{t("hooks.again")}</button>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
