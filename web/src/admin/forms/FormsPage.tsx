import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../Dialog";
import { Diff } from "../flow/Diff";
import { guard, href, route } from "../route";
import { mayWrite, names, wordsOf } from "../store";
import { called, t, type AdminKey } from "../words";
import { CardsForm } from "./CardsForm";
import { Field, type Form } from "./Field";
import { toYaml } from "./model";
import { PartForm } from "./part";
import { shape } from "./shapes";
import { SkillTable } from "./SkillTable";

const PARTS: Record<string, readonly string[]> = {
  queues: ["queues", "agents", "skills", "routes", "dispositions"],
  hours: ["hours", "holidays", "flags", "values"],
  trunks: ["trunks"],
  knowledge: ["cards"],
};

export function FormsPage({ section }: { section: string }): JSX.Element {
  const parts = PARTS[section] ?? [];
  const asked = route.value.rest[0] ?? "";
  const part = parts.includes(asked) ? asked : (parts[0] ?? "");
  return (
    <main class="page forms" data-testid="forms" data-part={part}>
      <header class="page-head">
        <h1>{t(`nav.${section}` as AdminKey)}</h1>
        {parts.length > 1 && (
          <nav class="parts" aria-label={t(`nav.${section}` as AdminKey)}>
            {parts.map((one) => (
              <a key={one} href={href(section, [one])} aria-current={one === part ? "page" : undefined} data-testid={`part-${one}`}>{called("part", one)}</a>
            ))}
          </nav>
        )}
      </header>
      <PartPage key={part} name={part} />
    </main>
  );
}

function PartPage({ name }: { name: string }): JSX.Element {
  const [form] = useState(() => new PartForm(name));
  const yaml = useSignal(false);
  useEffect(() => {
    void form.read(true);
    const end = guard(() => form.dirty.peek());
    return () => {
      end();
      form.close();
    };
  }, [form]);
  const part = form.part.value;
  const failed = form.failed.value;
  if (part === null) {
    if (failed === null) return <p class="calm" role="status">{t("admin.loading")}</p>;
    const none = failed.status === 404;
    return (
      <div class="empty" data-testid="form-none">
        <p class={none ? "calm" : "danger"} role={none ? "status" : "alert"}>{none ? `${t("form.no_part", { name: called("part", name) })} ${wordsOf(failed)}` : wordsOf(failed)}</p>
        {!none && <button type="button" onClick={() => void form.read(true)}>{t("admin.again")}</button>}
      </div>
    );
  }
  const schema = shape(name, part.schema, names.value);
  const shared: Form = { root: schema, value: form.value.value, problems: form.problems.value, readOnly: !mayWrite(), set: (value) => form.change(value) };
  return (
    <>
      <p class="calm about-part">
        <span>{t(`part.${name}.about` as AdminKey)}</span> <code>{part.file}{part.line === null ? "" : `:${part.line}`}</code>{" "}
        <span class={part.effect === "restart" ? "attention" : "good"}>
          <span class={`shape ${part.effect === "restart" ? "attention" : "good"}`} aria-hidden="true" /> {t(`form.effect.${part.effect}`)}
        </span>
      </p>
      <Troubles form={form} />
      <div class="bar">
        <button type="button" class="plain toggle" aria-pressed={yaml.value} onClick={() => (yaml.value = !yaml.value)} data-testid="show-yaml">{t("form.yaml")}</button>
      </div>
      <div class={yaml.value ? "form-body with-yaml" : "form-body"}>
        <div class="form-fields" data-testid="form" data-dirty={form.dirty.value}>
          {name === "skills" ? <SkillTable form={shared} /> : name === "cards" ? <CardsForm form={shared} /> : <Field form={shared} schema={schema} path={[]} value={shared.value} name={name} />}
        </div>
        {yaml.value && <pre class="yaml" tabIndex={0} aria-label={t("form.yaml")} data-testid="yaml">{toYaml({ [name]: shared.value })}</pre>}
      </div>
      {mayWrite() && <SaveBar form={form} />}
    </>
  );
}

/** At the foot of the page, in sight as soon as something is changed. */
function SaveBar({ form }: { form: PartForm }): JSX.Element {
  const submit = (event: TargetedEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem("note") as HTMLInputElement;
    void form.save(field.value.trim());
  };
  return (
    <form class="save-bar" onSubmit={submit}>
      <span class={form.dirty.value ? "waiting" : "calm"} role="status" data-testid="form-state">
        <span class={`shape ${form.dirty.value ? "waiting" : "good"}`} aria-hidden="true" /> {form.dirty.value ? t("form.dirty") : t("form.clean")}
      </span>
      <input name="note" maxLength={200} placeholder={t("form.note")} aria-label={t("form.note")} disabled={!form.dirty.value} />
      <button type="button" disabled={!form.dirty.value || form.saving.value} onClick={() => form.reset()}>{t("form.reset")}</button>
      <button type="submit" class="primary" disabled={!form.dirty.value || form.saving.value || form.stale.value !== null} data-testid="form-save">{t("form.save")}</button>
    </form>
  );
}

function Troubles({ form }: { form: PartForm }): JSX.Element {
  const choosing = useSignal(false);
  const others = form.problems.value.filter((one) => one.path === undefined || one.path.length === 0);
  return (
    <div class="notices">
      {form.stale.value !== null && (
        <div class="notice danger" role="alert" data-testid="notice-stale">
          <span class="shape danger" aria-hidden="true" />
          <p>{form.stale.value.by === "" ? t("stale.someone") : t("stale.by", { name: form.stale.value.by, when: "" })}</p>
          <button type="button" onClick={() => (choosing.value = true)} data-testid="stale-open">{t("stale.compare")}</button>
        </div>
      )}
      {form.restored.value && form.stale.value === null && (
        <div class="notice waiting" role="status"><span class="shape waiting" aria-hidden="true" /><p>{t("form.restored")}</p></div>
      )}
      {form.restart.value.length > 0 && (
        <div class="notice attention" role="status" data-testid="notice-restart">
          <span class="shape attention" aria-hidden="true" />
          <p>{t("form.restart", { names: form.restart.value.join(", ") })}</p>
        </div>
      )}
      {others.map((one, n) => (
        <div key={n} class="notice danger" role="alert" data-testid="form-problem">
          <span class="shape danger" aria-hidden="true" />
          <p>{one.file}:{one.line}:{one.column} {one.message} {one.cure}</p>
        </div>
      ))}
      {choosing.value && <StaleForm form={form} close={() => (choosing.value = false)} />}
    </div>
  );
}

function StaleForm({ form, close }: { form: PartForm; close(): void }): JSX.Element | null {
  const stale = form.stale.value;
  if (stale === null) return null;
  const merged = form.merged();
  const take = (value: typeof merged.value): void => {
    form.resolve(value);
    close();
  };
  return (
    <Dialog id="stale-dialog" title={t("stale.title")} wide close={close}>
      <Diff from={toYaml(stale.theirs)} to={toYaml(form.value.value)} fromName={stale.by === "" ? t("stale.theirs") : stale.by} toName={t("stale.mine")} />
      <p class={merged.conflicts.length === 0 ? "good" : "attention"}>
        {merged.conflicts.length === 0 ? t("stale.merges") : t("stale.form_conflicts", { names: merged.conflicts.map((path) => path.join(".")).join(", ") })}
      </p>
      <footer>
        <button type="button" class="primary" onClick={() => take(merged.value)} data-testid="stale-merge">{t("stale.merge")}</button>
        <button type="button" onClick={() => take(form.value.value)} data-testid="stale-mine">{t("stale.keep_mine")}</button>
        <button type="button" onClick={() => take(stale.theirs)} data-testid="stale-theirs">{t("stale.take_theirs")}</button>
      </footer>
    </Dialog>
  );
}
