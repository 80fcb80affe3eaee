import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useEffect, useId } from "preact/hooks";
import { language, languageName } from "../../i18n";
import type { Problem } from "../api";
import { t } from "../words";
import type { Form } from "./Field";
import { renamed, valueAt, withValue, type Plain } from "./model";

const LANGUAGES = ["zh", "en"];
const MOST_SHOWN = 200;

interface Worth {
  name: string;
  opened: number;
  useful: number;
  useless: number;
}
type Words = Record<string, string>;

/** Knowledge cards: a list that can be searched, and the chosen one with its texts in all languages side by side. */
export function CardsForm({ form }: { form: Form }): JSX.Element {
  const cards = (form.value ?? {}) as Record<string, Plain>;
  const chosen = useSignal("");
  const typed = useSignal("");
  const worth = useSignal<ReadonlyMap<string, Worth>>(new Map());
  useEffect(() => {
    fetch("/api/v1/desk/worth", { headers: { accept: "application/json" } })
      .then((answer) => (answer.ok ? (answer.json() as Promise<{ cards: Worth[] }>) : { cards: [] }))
      .then((found) => (worth.value = new Map(found.cards.map((one) => [one.name, one]))))
      .catch(() => undefined);
  }, []);
  const wanted = typed.value.trim().toLowerCase();
  const names = Object.keys(cards);
  const found = names.filter((name) => wanted === "" || said(name, cards[name]).includes(wanted));
  const open = chosen.value in cards ? chosen.value : (found[0] ?? "");
  const wrong = new Set(form.problems.map((one) => one.path?.[0] ?? ""));
  return (
    <div class="know-form" data-testid="cards-form">
      <div class="know-list">
        <input type="search" value={typed.value} placeholder={t("cards.find")} aria-label={t("cards.find")} onInput={(event) => (typed.value = event.currentTarget.value)} data-testid="cards-find" />
        <ul>
          {found.slice(0, MOST_SHOWN).map((name) => (
            <li key={name}>
              <button type="button" class="plain" aria-current={name === open ? "true" : undefined} data-testid={`card-${name}`} onClick={() => (chosen.value = name)}>
                {wrong.has(name) && <span class="shape danger" aria-hidden="true" />} {titleOf(cards[name]) || name} <Uses of={worth.value.get(name)} />
              </button>
            </li>
          ))}
        </ul>
        {found.length > MOST_SHOWN && <p class="calm">{t("cards.more", { n: found.length - MOST_SHOWN })}</p>}
        {found.length === 0 && <p class="calm">{t(names.length === 0 ? "cards.none" : "cards.not_found")}</p>}
        {!form.readOnly && <Add form={form} taken={(name) => name in cards} choose={(name) => { typed.value = ""; chosen.value = name; }} />}
      </div>
      {open !== "" && <One key={open} form={form} name={open} worth={worth.value.get(open)} taken={(name) => name in cards} choose={(name) => (chosen.value = name)} />}
    </div>
  );
}

function Add({ form, taken, choose }: { form: Form; taken(name: string): boolean; choose(name: string): void }): JSX.Element {
  const adding = useSignal("");
  const name = nameOf(adding.value);
  const submit = (event: TargetedEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (name === "" || taken(name)) return;
    const none = Object.fromEntries(LANGUAGES.map((one) => [one, ""]));
    form.set(withValue(form.value, [name], { title: none, text: none }));
    choose(name);
    adding.value = "";
  };
  return (
    <form class="add" onSubmit={submit}>
      <input value={adding.value} placeholder={t("cards.new_name")} aria-label={t("cards.new_name")} onInput={(event) => (adding.value = event.currentTarget.value)} data-testid="cards-new" />
      <button type="submit" disabled={name === "" || taken(name)} data-testid="cards-add">+ {t("form.add")}</button>
    </form>
  );
}

interface OneProps {
  form: Form;
  name: string;
  worth: Worth | undefined;
  taken(name: string): boolean;
  choose(name: string): void;
}

function One({ form, name, worth, taken, choose }: OneProps): JSX.Element {
  const card = (valueAt(form.value, [name]) ?? {}) as Record<string, Plain>;
  const languages = [...new Set([...LANGUAGES, ...Object.keys((card["title"] ?? {}) as Words), ...Object.keys((card["text"] ?? {}) as Words)])];
  const rename = (typed: string): void => {
    const to = nameOf(typed);
    if (to === "" || taken(to)) return;
    form.set(renamed(form.value, [], name, to));
    choose(to);
  };
  const own = form.problems.filter((one) => one.path?.[0] === name && (one.path.length === 1 || !["title", "text", "said", "tags", "link"].includes(one.path[1] ?? "")));
  return (
    <section class="know-one" aria-label={titleOf(card) || name} data-testid="card-form">
      <header>
        <Line form={form} label={t("form.name")} id="name" value={name} path={[name]} set={() => undefined} done={rename} />
        <Uses of={worth} />
        {!form.readOnly && <button type="button" class="plain danger" data-testid="card-remove" onClick={() => form.set(withValue(form.value, [name], undefined))}>{t("admin.remove")}</button>}
      </header>
      {own.map((one, n) => <Wrong key={n} problem={one} />)}
      <div class="know-languages">
        {languages.map((one) => (
          <fieldset key={one}>
            <legend>{languageName(one)}</legend>
            <Line form={form} label={t("cards.title")} id={`title-${one}`} path={[name, "title", one]} value={word(card["title"], one)} set={(next) => form.set(withValue(form.value, [name, "title", one], next))} />
            <Line form={form} label={t("cards.text")} id={`text-${one}`} rows={7} path={[name, "text", one]} value={word(card["text"], one)} set={(next) => form.set(withValue(form.value, [name, "text", one], next))} />
            <Line form={form} label={t("cards.said")} hint={t("cards.said.hint")} id={`said-${one}`} rows={4} path={[name, "said", one]} value={phrases(card["said"], one)} set={(next) => form.set(withPhrases(form.value, name, one, next))} />
          </fieldset>
        ))}
      </div>
      <Line form={form} label={t("cards.tags")} hint={t("cards.tags.hint")} id="tags" path={[name, "tags"]} value={list(card["tags"]).join(", ")} set={(next) => form.set(withValue(form.value, [name, "tags"], some(next.split(/[,，\s]+/))))} />
      <Line form={form} label={t("cards.link")} id="link" path={[name, "link"]} value={typeof card["link"] === "string" ? card["link"] : ""} set={(next) => form.set(withValue(form.value, [name, "link"], next === "" ? undefined : next))} />
    </section>
  );
}

interface LineProps {
  form: Form;
  label: string;
  id: string;
  value: string;
  path: readonly string[];
  hint?: string;
  rows?: number;
  set(next: string): void;
  done?(next: string): void;
}

/** One input; what is typed stays as it is typed until it is left, whatever is made of it. */
function Line({ form, label, id, value, path, hint, rows, set, done }: LineProps): JSX.Element {
  const own = useId();
  const typed = useSignal<string | null>(null);
  const problem = form.problems.find((one) => one.path !== undefined && one.path.length >= path.length && path.length > 1 && path.every((key, n) => one.path?.[n] === key));
  const shared = {
    id: own,
    value: typed.value ?? value,
    disabled: form.readOnly,
    "aria-invalid": problem !== undefined,
    "data-testid": `card-${id}`,
    onInput: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => {
      typed.value = event.currentTarget.value;
      set(event.currentTarget.value);
    },
    onBlur: () => {
      if (typed.value !== null) done?.(typed.value);
      typed.value = null;
    },
  };
  return (
    <div class={problem === undefined ? "field" : "field wrong"}>
      <label for={own}>{label}</label>
      {rows === undefined ? <input {...shared} /> : <textarea {...shared} rows={rows} />}
      {hint !== undefined && <small class="calm">{hint}</small>}
      {problem !== undefined && <Wrong problem={problem} />}
    </div>
  );
}

function Wrong({ problem }: { problem: Problem }): JSX.Element {
  return <small class="danger" role="alert" data-testid="field-problem">{problem.message} {problem.cure}</small>;
}

function Uses({ of }: { of: Worth | undefined }): JSX.Element | null {
  if (of === undefined) return null;
  const opened = of.opened + of.useful + of.useless;
  return <small class="calm figures" data-testid={`uses-${of.name}`}>{t("cards.uses", { opened, useful: of.useful, useless: of.useless })}</small>;
}

/** A name as files have it: small letters, digits and `_`. */
function nameOf(typed: string): string {
  return typed.trim().toLowerCase().replaceAll(/[\s-]+/g, "_");
}

function word(words: Plain | undefined, one: string): string {
  return String(((words ?? {}) as Words)[one] ?? "");
}

function list(value: Plain | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function phrases(value: Plain | undefined, one: string): string {
  return list(((value ?? {}) as Record<string, Plain>)[one]).join("\n");
}

function some(words: readonly string[]): Plain | undefined {
  const found = words.map((one) => one.trim()).filter((one) => one !== "");
  return found.length === 0 ? undefined : found;
}

/** One phrase a line; a language without any is taken out, and the whole where none is left. */
function withPhrases(value: Plain, name: string, one: string, typed: string): Plain {
  const next = withValue(value, [name, "said", one], some(typed.split("\n")));
  return Object.keys((valueAt(next, [name, "said"]) ?? {}) as object).length === 0 ? withValue(next, [name, "said"], undefined) : next;
}

function titleOf(card: Plain | undefined): string {
  const title = (valueAt(card ?? null, ["title"]) ?? {}) as Words;
  return title[language.value] || Object.values(title).find((one) => one !== "") || "";
}

function said(name: string, card: Plain | undefined): string {
  return `${name} ${JSON.stringify(card)}`.toLowerCase();
}
