import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ApiError, ask, type Flow, type Version } from "../api";
import { Diff } from "../flow/Diff";
import { flows, readFlows } from "../flow/FlowsPage";
import { go, href, route } from "../route";
import { complain, mayWrite, notice, onNews, wordsOf } from "../store";
import { ago, moment, t } from "../words";

interface AuditLine {
  at: number;
  by: string;
  address: string;
  what: string;
  subject: string;
  note: string;
}

const versions = signal<Version[] | null>(null);
const failed = signal<ApiError | null>(null);
const audit = signal<AuditLine[]>([]);

async function read(name: string): Promise<void> {
  try {
    versions.value = (await ask<{ versions: Version[] }>("GET", `/flows/${encodeURIComponent(name)}/versions`)).versions;
    failed.value = null;
  } catch (error) {
    versions.value = [];
    failed.value = error instanceof ApiError ? error : null;
  }
  audit.value = !mayWrite() ? [] : (await ask<{ lines: AuditLine[] }>("GET", "/audit?limit=50").catch(() => ({ lines: [] }))).lines;
}

/** What was published when, by whom and why; what differs; and the way back. */
export function VersionsPage(): JSX.Element {
  const name = route.value.rest[0] ?? flows.value?.[0]?.name ?? "";
  // A flow that is only a draft has no versions, and is none to those who keep them.
  const draft = failed.value?.status === 404 && (flows.value ?? []).some((flow) => flow.name === name);
  useEffect(() => void readFlows(), []);
  useEffect(() => {
    versions.value = null;
    if (name !== "") void read(name);
    return onNews((type, data) => {
      if (type === "open" || (type === "published" && data["flow"] === name)) void read(name);
    });
  }, [name]);
  return (
    <main class="page versions" data-testid="versions">
      <header class="page-head">
        <h1>{t("nav.versions")}</h1>
        <label class="inline">
          <span class="unseen">{t("flows.label")}</span>
          <select value={name} onChange={(event) => go("versions", [event.currentTarget.value])} data-testid="versions-flow">
            {(flows.value ?? []).map((flow) => (
              <option key={flow.name} value={flow.name}>{flow.name}</option>
            ))}
          </select>
        </label>
        {name !== "" && <a href={href("flows", [name])}>{t("versions.edit")}</a>}
      </header>
      {failed.value !== null && !draft && <p class="notice attention" role="alert"><span class="shape attention" aria-hidden="true" /><span>{wordsOf(failed.value)}</span></p>}
      {versions.value === null && <p class="calm">{t("admin.loading")}</p>}
      {versions.value?.length === 0 && (failed.value === null || draft) && <p class="calm">{t("versions.none")}</p>}
      {versions.value !== null && versions.value.length > 0 && <List key={name} name={name} all={versions.value} />}
      <Audit />
    </main>
  );
}

function List({ name, all }: { name: string; all: readonly Version[] }): JSX.Element {
  const live = all.find((one) => one.state === "live")?.number;
  const from = useSignal(String(live ?? all[0]?.number ?? "live"));
  const to = useSignal("draft");
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("nav.versions")}>
        <table class="list" data-testid="version-list">
          <thead>
            <tr>
              <th scope="col">{t("versions.number")}</th>
              <th scope="col">{t("versions.state")}</th>
              <th scope="col">{t("versions.note")}</th>
              <th scope="col">{t("versions.who")}</th>
              <th scope="col">{t("versions.calls")}</th>
              <th scope="col"><span class="unseen">{t("versions.do")}</span></th>
            </tr>
          </thead>
          <tbody>
            {all.map((one) => (
              <Line key={one.number} name={name} one={one} live={live} compare={(a, b) => { from.value = a; to.value = b; }} before={all.find((other) => other.number < one.number)?.number} />
            ))}
          </tbody>
        </table>
      </div>
      <Compare name={name} all={all} from={from.value} to={to.value} choose={(a, b) => { from.value = a; to.value = b; }} />
    </>
  );
}

const KIND = { live: "good", rollout: "waiting", scheduled: "waiting", refused: "danger", old: "", cancelled: "", withdrawn: "" } as const;

interface LineProps {
  name: string;
  one: Version;
  live: number | undefined;
  before: number | undefined;
  compare(from: string, to: string): void;
}

function Line({ name, one, live, before, compare }: LineProps): JSX.Element {
  const percent = useSignal(one.percent);
  const act = async (method: string, path: string, body: unknown, words: string): Promise<void> => {
    try {
      await ask(method, `/flows/${encodeURIComponent(name)}${path}`, body);
      notice.value = { kind: "good", words };
      await read(name);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <tr data-testid={`version-${one.number}`} data-state={one.state}>
      <th scope="row" class="figures">{one.number}</th>
      <td>
        <span class={KIND[one.state]}>
          {KIND[one.state] !== "" && <span class={`shape ${KIND[one.state]}`} aria-hidden="true" />} {t(`version.${one.state}`)}
          {one.state === "rollout" && <span class="figures"> {one.percent} %</span>}
        </span>
        {one.from !== null && one.state === "scheduled" && <small class="calm"> {moment(one.from)}</small>}
        {(one.reason ?? "") !== "" && <small class="calm"> {one.reason}</small>}
        {one.until !== null && one.state !== "cancelled" && <small class="calm"> {t("versions.until", { when: moment(one.until) })}</small>}
      </td>
      <td class="note">{one.note}</td>
      <td>{one.author} <small class="calm" title={moment(one.at)}>{ago(one.at)}</small></td>
      <td class="figures">{one.calls ?? ""}</td>
      <td class="do">
        {before !== undefined && <button type="button" class="plain" onClick={() => compare(String(before), String(one.number))}>{t("versions.changes")}</button>}
        {mayWrite() && one.state === "old" && one.number !== live && (
          <button type="button" onClick={() => void act("POST", "/rollback", { number: one.number, note: t("versions.rollback.note", { number: one.number }) }, t("versions.back", { number: one.number }))} data-testid={`rollback-${one.number}`}>
            {t("versions.rollback")}
          </button>
        )}
        {mayWrite() && one.state === "rollout" && (
          <span class="row">
            <input type="number" min={0} max={100} value={percent.value} aria-label={t("publish.percent")} onInput={(event) => (percent.value = Number(event.currentTarget.value))} />
            <button type="button" onClick={() => void act("POST", "/rollout", { number: one.number, percent: percent.value }, t("versions.rolled", { number: one.number, percent: percent.value }))}>{t("versions.set")}</button>
          </span>
        )}
        {mayWrite() && one.state === "scheduled" && (
          <button type="button" onClick={() => void act("DELETE", `/schedule/${one.number}`, undefined, t("versions.unscheduled", { number: one.number }))}>{t("versions.take_back")}</button>
        )}
      </td>
    </tr>
  );
}

interface CompareProps {
  name: string;
  all: readonly Version[];
  from: string;
  to: string;
  choose(from: string, to: string): void;
}

function Compare({ name, all, from, to, choose }: CompareProps): JSX.Element {
  const texts = useSignal<{ from: string; to: string } | null>(null);
  useEffect(() => {
    let gone = false;
    Promise.all([textOf(name, from), textOf(name, to)])
      .then(([a, b]) => !gone && (texts.value = { from: a, to: b }))
      .catch((error: unknown) => !gone && complain(error));
    return () => (gone = true);
  }, [name, from, to, all]);
  const pick = (value: string, label: string, set: (value: string) => void): JSX.Element => (
    <label class="inline">
      <span>{label}</span>
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        <option value="draft">{t("version.draft")}</option>
        {all.map((one) => (
          <option key={one.number} value={String(one.number)}>{`${one.number} · ${one.note || one.author}`}</option>
        ))}
      </select>
    </label>
  );
  return (
    <section class="compare" aria-label={t("versions.compare")}>
      <div class="bar">
        {pick(from, t("versions.from"), (value) => choose(value, to))}
        {pick(to, t("versions.to"), (value) => choose(from, value))}
      </div>
      {texts.value !== null && <Diff from={texts.value.from} to={texts.value.to} fromName={from === "draft" ? t("version.draft") : from} toName={to === "draft" ? t("version.draft") : to} />}
    </section>
  );
}

async function textOf(name: string, which: string): Promise<string> {
  const path = `/flows/${encodeURIComponent(name)}`;
  return (await ask<Flow>("GET", which === "draft" ? path : `${path}/versions/${which}`)).text;
}

/** Who changed what, on all of these pages. */
function Audit(): JSX.Element | null {
  if (audit.value.length === 0) return null;
  return (
    <section class="audit" aria-label={t("audit.title")}>
      <h2>{t("audit.title")}</h2>
      <ol>
        {audit.value.map((line, n) => (
          <li key={n}>
            <span class="calm figures">{moment(line.at)}</span> <b>{line.by}</b> {line.what} <code>{line.subject}</code> {line.note}
          </li>
        ))}
      </ol>
    </section>
  );
}
