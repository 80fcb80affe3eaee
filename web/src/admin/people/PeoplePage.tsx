import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useEffect } from "preact/hooks";
import "../../styles/account.css";
import { ask, wordsOf, type Person } from "../../account/api";
import { Prove } from "../../account/Prove";
import { Window } from "../../account/Window";
import { called, moment, t } from "../../account/words";
import { mayWrite, notice, session } from "../store";

interface People {
  people: Person[];
  roles: string[];
  providers: { name: string; zh: string; en: string }[];
}

type Doing = { kind: "add" } | { kind: "reset"; person: Person } | { kind: "roles"; person: Person } | { kind: "told"; id: string; password: string } | null;

/** Who may sign in: made here, of the settings, or of a provider; with roles, locks and sessions. */
export function PeoplePage(): JSX.Element {
  const all = useSignal<People | null>(null);
  const failed = useSignal("");
  const wanted = useSignal("");
  const doing = useSignal<Doing>(null);
  const read = async (): Promise<void> => {
    try {
      all.value = await ask<People>("GET", "/people");
      failed.value = "";
    } catch (error) {
      failed.value = wordsOf(error);
    }
  };
  useEffect(() => void read(), []);
  const act = async <T,>(words: string, method: string, path: string, body?: unknown): Promise<T | null> => {
    try {
      const told = await ask<T>(method, `/people${path}`, body);
      notice.value = { kind: "good", words };
      await read();
      return told;
    } catch (error) {
      notice.value = { kind: "danger", words: wordsOf(error) };
      return null;
    }
  };
  const found = (all.value?.people ?? []).filter((one) => `${one.id} ${one.name}`.toLowerCase().includes(wanted.value.toLowerCase()));
  return (
    <main class="page people" data-testid="people">
      <header class="page-head">
        <h1>{t("people.title")}</h1>
        <input type="search" class="search" aria-label={t("people.search")} placeholder={t("people.search")} onInput={(event) => (wanted.value = event.currentTarget.value)} data-testid="people-search" />
        {mayWrite() && <button type="button" class="primary" data-testid="person-new" onClick={() => (doing.value = { kind: "add" })}>{t("people.add")}</button>}
      </header>
      {failed.value !== "" && <p class="notice attention" role="alert"><span class="shape attention" aria-hidden="true" /><span>{failed.value}</span></p>}
      {all.value === null && failed.value === "" && <p class="calm" role="status">{t("account.loading")}</p>}
      {all.value !== null && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("people.title")}>
          <table class="list">
            <thead>
              <tr>
                {(["people.who", "people.roles", "people.source", "people.state", "people.last"] as const).map((key) => <th key={key} scope="col">{t(key)}</th>)}
                <th scope="col"><span class="unseen">{t("people.do")}</span></th>
              </tr>
            </thead>
            <tbody>
              {found.map((one) => (
                <tr key={one.id} data-testid={`person-${one.id}`} data-disabled={one.disabled}>
                  <th scope="row">{one.name || one.id} {one.name !== "" && one.name !== one.id && <code>{one.id}</code>}</th>
                  <td>{one.roles.map((role) => called("role", role)).join(", ")}</td>
                  <td>{called("account.source", one.source.replace(/:.*/, ""))}</td>
                  <td><State one={one} /></td>
                  <td>{one.signed_in_at === null ? "—" : moment(one.signed_in_at)}</td>
                  <td class="do"><Buttons one={one} act={act} open={(what) => (doing.value = what)} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {all.value !== null && found.length === 0 && <p class="calm">{t("people.none")}</p>}
      {doing.value?.kind === "add" && <Add all={all.value} act={act} close={(told) => (doing.value = told)} />}
      {doing.value?.kind === "roles" && <Roles person={doing.value.person} roles={all.value?.roles ?? []} act={act} close={() => (doing.value = null)} />}
      {doing.value?.kind === "reset" && <Reset person={doing.value.person} act={act} close={(told) => (doing.value = told)} />}
      {doing.value?.kind === "told" && <Told id={doing.value.id} password={doing.value.password} close={() => (doing.value = null)} />}
      <Prove />
    </main>
  );
}

type Act = <T>(words: string, method: string, path: string, body?: unknown) => Promise<T | null>;

function State({ one }: { one: Person }): JSX.Element {
  return (
    <>
      {one.disabled && <span class="tag danger">{t("people.disabled")}</span>}
      {one.locked_for > 0 && <span class="tag waiting">{t("people.locked", { n: Math.ceil(one.locked_for / 60) })}</span>}
      {one.must_change && <span class="tag waiting">{t("people.must_change")}</span>}
      {one.totp && <span class="tag">{t("people.totp")}</span>}
      {one.sessions > 0 && <span class="tag">{t("people.sessions", { n: one.sessions })}</span>}
      {one.tokens > 0 && <span class="tag">{t("people.tokens", { n: one.tokens })}</span>}
    </>
  );
}

function Buttons({ one, act, open }: { one: Person; act: Act; open(what: Doing): void }): JSX.Element | null {
  if (!mayWrite()) return null;
  const path = `/${encodeURIComponent(one.id)}`;
  const own = one.source !== "settings";
  const mine = one.id === session.value?.account.id;
  if (!own && one.locked_for === 0 && !one.totp && (one.sessions === 0 || mine)) return null;
  return (
    <details class="more">
      <summary>{t("people.do")}</summary>
      <div class="choices">
        {own && <button type="button" data-testid="person-roles" onClick={() => open({ kind: "roles", person: one })}>{t("people.roles.change")}</button>}
        {own && !one.source.startsWith("oidc:") && <button type="button" data-testid="person-reset" onClick={() => open({ kind: "reset", person: one })}>{t("people.reset")}</button>}
        {own && !mine && (
          <button type="button" data-testid="person-disable" onClick={() => void act(t(one.disabled ? "people.enabled" : "people.disabled.done", { id: one.id }), "PATCH", path, { disabled: !one.disabled })}>
            {one.disabled ? t("people.enable") : t("people.disable")}
          </button>
        )}
        {one.locked_for > 0 && <button type="button" onClick={() => void act(t("people.unlocked", { id: one.id }), "POST", `${path}/unlock`)}>{t("people.unlock")}</button>}
        {one.sessions > 0 && !mine && <button type="button" onClick={() => void act(t("people.ended", { id: one.id }), "DELETE", `${path}/sessions`)}>{t("people.end")}</button>}
        {one.totp && <button type="button" onClick={() => void act(t("people.totp.dropped", { id: one.id }), "DELETE", `${path}/totp`)}>{t("people.totp.drop")}</button>}
        {own && !mine && <button type="button" class="danger" data-testid="person-remove" onClick={() => void act(t("people.removed", { id: one.id }), "DELETE", path)}>{t("people.remove")}</button>}
      </div>
    </details>
  );
}

function Choice({ roles, held }: { roles: readonly string[]; held: readonly string[] }): JSX.Element {
  return (
    <fieldset class="field">
      <legend>{t("people.roles")}</legend>
      <div class="roles">
        {roles.map((role) => (
          <label key={role} class="check"><input type="checkbox" name="role" value={role} defaultChecked={held.includes(role)} data-testid={`role-${role}`} /> {called("role", role)}</label>
        ))}
      </div>
    </fieldset>
  );
}

function Add({ all, act, close }: { all: People | null; act: Act; close(told: Doing): void }): JSX.Element {
  const failed = useSignal("");
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string): string => String(fields.get(name) ?? "");
    const body = { id: text("id"), name: text("name"), roles: fields.getAll("role").map(String), provider: text("provider") };
    const told = await act<{ person: Person; password: string }>(t("people.added", { id: body.id }), "POST", "", body);
    if (told !== null) return close(told.password === "" ? null : { kind: "told", id: told.person.id, password: told.password });
    failed.value = notice.value?.words ?? "";
    notice.value = null;
  };
  const providers = all?.providers ?? [];
  return (
    <Window title={t("people.add")} id="person-add" close={() => close(null)}>
      <form onSubmit={(event) => void submit(event)}>
        <label class="field">
          <span>{t("people.id")}</span>
          <input name="id" required maxLength={64} autocapitalize="none" autocomplete="off" autofocus data-testid="person-id" />
          <small>{t("people.id.hint")}</small>
        </label>
        <label class="field">
          <span>{t("people.name")}</span>
          <input name="name" maxLength={128} autocomplete="off" data-testid="person-name" />
        </label>
        <Choice roles={all?.roles ?? []} held={["agent"]} />
        {providers.length > 0 && (
          <label class="field">
            <span>{t("people.source")}</span>
            <select name="provider">
              <option value="">{t("account.source.local")}</option>
              {providers.map((one) => <option key={one.name} value={one.name}>{one.en}</option>)}
            </select>
          </label>
        )}
        <p class="hint">{t("people.add.hint")}</p>
        <p class="danger" role="alert">{failed.value}</p>
        <footer>
          <button type="button" onClick={() => close(null)}>{t("account.cancel")}</button>
          <button type="submit" class="primary" data-testid="person-save">{t("people.add")}</button>
        </footer>
      </form>
    </Window>
  );
}

function Roles({ person, roles, act, close }: { person: Person; roles: readonly string[]; act: Act; close(): void }): JSX.Element {
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const chosen = new FormData(event.currentTarget).getAll("role").map(String);
    await act(t("people.roles.done", { id: person.id }), "PATCH", `/${encodeURIComponent(person.id)}`, { roles: chosen });
    close();
  };
  return (
    <Window title={t("people.roles.of", { id: person.id })} id="person-roles-of" close={close}>
      <form onSubmit={(event) => void submit(event)}>
        <Choice roles={roles} held={person.roles} />
        <p class="hint">{t("people.roles.hint")}</p>
        <footer>
          <button type="button" onClick={close}>{t("account.cancel")}</button>
          <button type="submit" class="primary" data-testid="roles-save">{t("people.save")}</button>
        </footer>
      </form>
    </Window>
  );
}

/** What a new password ends is said before; tokens, of which nobody knows who made them, by choice. */
function Reset({ person, act, close }: { person: Person; act: Act; close(told: Doing): void }): JSX.Element {
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const keep = person.tokens > 0 && !new FormData(event.currentTarget).has("end_tokens");
    const told = await act<{ password: string }>(t("people.reset.done", { id: person.id }), "POST", `/${encodeURIComponent(person.id)}/reset`, { keep_tokens: keep });
    close(told === null ? null : { kind: "told", id: person.id, password: told.password });
  };
  return (
    <Window title={t("people.reset.of", { id: person.id })} id="person-reset-of" close={() => close(null)}>
      <form onSubmit={(event) => void submit(event)}>
        <p>{t("people.reset.hint")}</p>
        {person.tokens > 0 && (
          <label class="check">
            <input type="checkbox" name="end_tokens" defaultChecked data-testid="reset-tokens" /> {t("people.reset.tokens", { n: person.tokens })}
          </label>
        )}
        <footer>
          <button type="button" onClick={() => close(null)}>{t("account.cancel")}</button>
          <button type="submit" class="primary" autofocus data-testid="reset-do">{t("people.reset")}</button>
        </footer>
      </form>
    </Window>
  );
}

function Told({ id, password, close }: { id: string; password: string; close(): void }): JSX.Element {
  return (
    <Window title={t("people.password.of", { id })} id="person-password" close={close}>
      <div class="inside">
        <p>{t("people.password.once")}</p>
        <code class="secret" data-testid="told-password">{password}</code>
        <footer><button type="button" class="primary" onClick={close}>{t("account.recovery.kept")}</button></footer>
      </div>
    </Window>
  );
}
