import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "../../ui/icons";
import type { Problem, Schema } from "../api";
import { adminKnows, called, t, type AdminKey } from "../words";
import { fitting, fresh, kindOf, renamed, resolve, withValue, wordsOf, type Path, type Plain } from "./model";

/** What every field of one form shares. */
export interface Form {
  root: Schema;
  value: Plain;
  problems: readonly Problem[];
  readOnly: boolean;
  set(value: Plain): void;
}

interface Props {
  form: Form;
  schema: Schema;
  path: Path;
  value: Plain | undefined;
  name: string;
  /** Without a label of its own: in a table or beside a name. */
  bare?: boolean;
}

export function Field({ form, schema, path, value, name, bare = false }: Props): JSX.Element {
  const found = resolve(schema, form.root);
  const kind = kindOf(found, value);
  const fits = fitting(found, value);
  if (found.anyOf !== undefined && found.anyOf.length > 1 && !bare) {
    return <Choice form={form} schema={found} path={path} value={value} name={name} />;
  }
  if (kind === "group") return <Group form={form} schema={fits} path={path} value={value} />;
  if (kind === "map") return <MapField form={form} schema={fits} path={path} value={value} name={name} />;
  if (kind === "list") return <ListField form={form} schema={fits} path={path} value={value} name={name} />;
  return <Simple form={form} schema={{ ...found, ...fits }} path={path} value={value} name={name} bare={bare} />;
}

/** A value that may be of several kinds: which, and then itself. */
function Choice({ form, schema, path, value, name }: Props): JSX.Element {
  const all = schema.anyOf ?? [];
  const kind = kindOf(schema, value);
  const label = labelOf(name, schema);
  const choose = (next: string): void => {
    const one = all.find((other) => kindOf(other, undefined) === next);
    if (one !== undefined && next !== kind) form.set(withValue(form.value, path, fresh(one, form.root)));
  };
  return (
    <div class="choice">
      <select class="kind" value={kind} aria-label={t("form.kind_of", { name: label })} disabled={form.readOnly} onChange={(event) => choose(event.currentTarget.value)}>
        {all.map((one) => {
          const other = kindOf(one, undefined);
          return <option key={other} value={other}>{called("kindof", other)}</option>;
        })}
      </select>
      <Field form={form} schema={fitting(schema, value)} path={path} value={value} name={name} bare />
    </div>
  );
}

function Simple({ form, schema, path, value, name, bare }: Props): JSX.Element {
  const id = useId();
  const problem = form.problems.find((one) => samePath(one.path, path));
  const set = (next: Plain | undefined): void => form.set(withValue(form.value, path, next));
  const label = labelOf(name, schema);
  const kind = kindOf(schema, value);
  const shared = {
    id,
    disabled: form.readOnly,
    "aria-invalid": problem !== undefined,
    "aria-describedby": problem === undefined ? undefined : `${id}-problem`,
    "data-testid": `field-${path.join(".")}`,
    "aria-label": bare === true ? label : undefined,
  };
  const hint = schema.default !== undefined && typeof schema.default !== "object" ? String(schema.default) : "";
  let input: JSX.Element;
  if (kind === "yesno") {
    return (
      <label class="check field-check" title={schema.description ?? ""}>
        <input {...shared} type="checkbox" checked={(value ?? schema.default) === true} onChange={(event) => set(event.currentTarget.checked)} /> {bare === true ? t("form.yes") : label}
        {problem !== undefined && <Wrong id={id} problem={problem} />}
      </label>
    );
  } else if (kind === "choice") {
    input = (
      <select {...shared} value={value === undefined || value === null ? "" : String(value)} onChange={(event) => set(event.currentTarget.value === "" ? undefined : (schema.enum?.find((one) => String(one) === event.currentTarget.value) as Plain))}>
        <option value="">{hint === "" ? "–" : t("form.default", { value: valueName(hint) })}</option>
        {(schema.enum ?? []).map((one) => (
          <option key={String(one)} value={String(one)}>{valueName(String(one))}</option>
        ))}
      </select>
    );
  } else if (kind === "number") {
    input = <input {...shared} type="number" min={schema.minimum} max={schema.maximum} step={schema.type === "integer" ? 1 : "any"} value={typeof value === "number" ? value : ""} placeholder={hint} onInput={(event) => set(event.currentTarget.value === "" ? undefined : Number(event.currentTarget.value))} />;
  } else if (kind === "words") {
    input = <Words {...shared} value={wordsOf(value, schema)} options={(schema.items?.enum ?? []).map(String)} set={set} />;
  } else if (kind === "raw") {
    input = <Raw {...shared} value={value ?? null} set={set} />;
  } else {
    const type = kind === "date" ? "date" : kind === "time" ? "time" : "text";
    input = (
      <input
        {...shared}
        type={type as "text"}
        value={value === undefined || value === null ? "" : String(value)}
        placeholder={kind === "duration" && hint === "" ? "30s" : hint}
        autocomplete={kind === "secret" ? "new-password" : "off"}
        spellcheck={false}
        onInput={(event) => set(event.currentTarget.value === "" ? undefined : event.currentTarget.value)}
      />
    );
  }
  return (
    <div class={problem === undefined ? "field" : "field wrong"} title={schema.description ?? ""}>
      {bare !== true && <label for={id}>{label}</label>}
      {input}
      {kind === "secret" && value === "********" && <small class="calm">{t("form.secret")}</small>}
      {problem !== undefined && <Wrong id={id} problem={problem} />}
    </div>
  );
}

function Wrong({ id, problem }: { id: string; problem: Problem }): JSX.Element {
  return (
    <small class="danger" id={`${id}-problem`} role="alert" data-testid="field-problem">
      {problem.message} {problem.cure}
    </small>
  );
}

interface InputProps {
  id: string;
  disabled: boolean;
}

/** Several words in one line, with commas between them. */
function Words({ value, options, set, ...shared }: InputProps & { value: string[]; options: string[]; set(next: Plain): void }): JSX.Element {
  const typed = useSignal<string | null>(null);
  const keep = (text: string): void => {
    typed.value = text;
    set(text.split(/[,，;\s]+/).filter((one) => one !== ""));
  };
  if (options.length > 0 && options.length <= 8) {
    return (
      <div class="checks" id={shared.id}>
        {options.map((one) => (
          <label key={one} class="check">
            <input type="checkbox" disabled={shared.disabled} checked={value.includes(one)} onChange={(event) => set(event.currentTarget.checked ? [...value, one] : value.filter((other) => other !== one))} /> {valueName(one)}
          </label>
        ))}
      </div>
    );
  }
  return <input {...shared} value={typed.value ?? value.join(", ")} onInput={(event) => keep(event.currentTarget.value)} onBlur={() => (typed.value = null)} />;
}

/** What no field fits: as JSON. */
function Raw({ value, set, ...shared }: InputProps & { value: Plain; set(next: Plain): void }): JSX.Element {
  const typed = useSignal<string | null>(null);
  const wrong = useSignal(false);
  return (
    <textarea
      {...shared}
      class={wrong.value ? "mono wrong" : "mono"}
      rows={2}
      value={typed.value ?? JSON.stringify(value)}
      onInput={(event) => {
        typed.value = event.currentTarget.value;
        try {
          set(JSON.parse(event.currentTarget.value) as Plain);
          wrong.value = false;
        } catch {
          wrong.value = true;
        }
      }}
    />
  );
}

const LARGE: ReadonlySet<string> = new Set(["map", "list", "group"]);

/** Fields in a grid: those that say little beside each other, those that hold others below. */
function Group({ form, schema, path, value }: Omit<Props, "name">): JSX.Element {
  const object = value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
  const all = Object.entries(schema.properties ?? {});
  const isLarge = (inner: Schema, key: string): boolean => {
    const one = resolve(inner, form.root);
    return one.anyOf !== undefined || LARGE.has(kindOf(one, object[key]));
  };
  const small = all.filter(([key, inner]) => !isLarge(inner, key));
  const large = all.filter(([key, inner]) => isLarge(inner, key));
  return (
    <div class="group-fields">
      <div class="grid">
        {small.map(([key, inner]) => (
          <Field key={key} form={form} schema={inner} path={[...path, key]} value={object[key]} name={key} />
        ))}
      </div>
      {large.map(([key, inner]) => (
        <Sub key={key} form={form} schema={inner} path={[...path, key]} value={object[key]} name={key} />
      ))}
    </div>
  );
}

/** A part that may be missing: it is opened when somebody wants it. */
function Sub({ form, schema, path, value, name }: Props): JSX.Element {
  const found = resolve(schema, form.root);
  const kind = kindOf(found, value);
  const label = labelOf(name, found);
  const problem = form.problems.find((one) => samePath(one.path, path));
  return (
    <fieldset class="part-of">
      <legend title={found.description ?? ""}>{label}</legend>
      {value === undefined && (kind === "group" || found.anyOf !== undefined) ? (
        <button type="button" class="plain" disabled={form.readOnly} onClick={() => form.set(withValue(form.value, path, fresh(found, form.root)))}>+ {t("form.set", { name: label })}</button>
      ) : (
        <>
          <Field form={form} schema={schema} path={path} value={value} name={name} />
          {(kind === "group" || found.anyOf !== undefined) && (
            <button type="button" class="plain" disabled={form.readOnly} onClick={() => form.set(withValue(form.value, path, undefined))}>{t("form.unset", { name: label })}</button>
          )}
        </>
      )}
      {problem !== undefined && <Wrong id={path.join("-")} problem={problem} />}
    </fieldset>
  );
}

function MapField({ form, schema, path, value, name }: Props): JSX.Element {
  const inner = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
  const map = value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
  const adding = useSignal("");
  const one = resolve(inner, form.root);
  const card = LARGE.has(kindOf(one, undefined)) || (one.anyOf ?? []).some((other) => LARGE.has(kindOf(other, undefined)));
  const add = (): void => {
    const key = adding.value.trim();
    if (key === "" || key in map) return;
    form.set(withValue(form.value, [...path, key], fresh(inner, form.root)));
    adding.value = "";
  };
  return (
    <div class={card ? "cards" : "pairs"} data-testid={`map-${path.join(".") || name}`}>
      {Object.entries(map).map(([key, one], n) => (
        <Entry key={n} form={form} schema={inner} path={path} name={key} value={one} card={card} taken={(other) => other in map} />
      ))}
      {Object.keys(map).length === 0 && card && <p class="calm">{t("form.empty")}</p>}
      {!form.readOnly && (
        <form class="add" onSubmit={(event) => { event.preventDefault(); add(); }}>
          <input value={adding.value} placeholder={t("form.new_name")} aria-label={t("form.new_name")} onInput={(event) => (adding.value = event.currentTarget.value)} data-testid={`add-name-${path.join(".") || name}`} />
          <button type="submit" disabled={adding.value.trim() === "" || adding.value.trim() in map} data-testid={`add-${path.join(".") || name}`}>+ {t("form.add")}</button>
        </form>
      )}
    </div>
  );
}

function Entry({ form, schema, path, name, value, card, taken }: Omit<Props, "value"> & { value: Plain; card: boolean; taken(name: string): boolean }): JSX.Element {
  const problem = form.problems.find((one) => samePath(one.path, [...path, name]));
  const rename = (to: string): void => {
    if (to !== "" && !taken(to)) form.set(renamed(form.value, path, name, to));
  };
  return (
    <div class={card ? "card entry" : "pair"} data-testid={`entry-${[...path, name].join(".")}`}>
      <header>
        <input class="name" value={name} disabled={form.readOnly} aria-label={t("form.name")} onChange={(event) => rename(event.currentTarget.value.trim())} />
        {!card && <Field form={form} schema={schema} path={[...path, name]} value={value} name={name} bare />}
        {!form.readOnly && (
          <button type="button" class="plain square" aria-label={`${t("admin.remove")}: ${name}`} title={t("admin.remove")} onClick={() => form.set(withValue(form.value, [...path, name], undefined))} data-testid={`remove-${[...path, name].join(".")}`}>
            <Icon name="close" />
          </button>
        )}
      </header>
      {card && <Field form={form} schema={schema} path={[...path, name]} value={value} name={name} />}
      {problem !== undefined && <Wrong id={[...path, name].join("-")} problem={problem} />}
    </div>
  );
}

function ListField({ form, schema, path, value, name }: Props): JSX.Element {
  const list = Array.isArray(value) ? value : [];
  const inner = schema.items ?? {};
  const title = (one: Plain, n: number): string => {
    if (one === null || typeof one !== "object" || Array.isArray(one)) return String(n + 1);
    const named = [one["name"], one["id"], one["date"], one["from"], one["to"]].find((value) => typeof value === "string" && value !== "");
    return String(named ?? n + 1);
  };
  return (
    <div class="cards" data-testid={`list-${path.join(".") || name}`}>
      {list.map((one, n) => {
        const here = [...path, String(n)];
        const problem = form.problems.find((other) => samePath(other.path, here));
        return (
          <div key={n} class="card entry" data-testid={`entry-${here.join(".")}`}>
            <header>
              <h2>{title(one, n)}</h2>
              {!form.readOnly && (
                <button type="button" class="plain square" aria-label={`${t("admin.remove")}: ${title(one, n)}`} title={t("admin.remove")} onClick={() => form.set(withValue(form.value, here, undefined))}>
                  <Icon name="close" />
                </button>
              )}
            </header>
            <Field form={form} schema={inner} path={here} value={one} name={name} />
            {problem !== undefined && <Wrong id={here.join("-")} problem={problem} />}
          </div>
        );
      })}
      {list.length === 0 && <p class="calm">{t("form.empty")}</p>}
      {!form.readOnly && (
        <button type="button" class="add-one" onClick={() => form.set(withValue(form.value, [...path, String(list.length)], fresh(inner, form.root)))} data-testid={`add-${path.join(".") || name}`}>
          + {t("form.add")}
        </button>
      )}
    </div>
  );
}

function valueName(value: string): string {
  return adminKnows(`value.${value}`) ? called("value", value) : value;
}

function labelOf(name: string, schema: Schema): string {
  if (schema.title !== undefined && adminKnows(schema.title)) return t(schema.title as AdminKey);
  if (adminKnows(`field.${name}`)) return called("field", name);
  return adminKnows(`part.${name}`) ? called("part", name) : (schema.title ?? name.replaceAll("_", " "));
}

function samePath(one: readonly string[] | undefined, other: Path): boolean {
  return one !== undefined && one.length === other.length && one.every((key, n) => key === other[n]);
}
