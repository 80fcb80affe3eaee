import { computed, effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { language, named, t as base } from "../../i18n";
import type { Words } from "../model";
import { choose, desk, draft } from "../store";
import { parents, rowsOf, shownRows, type Row } from "./tree";
import { t } from "./words";

/** From so many that can be chosen there is a field to find one. */
const MANY = 8;

const typed = signal("");
const open = signal<ReadonlySet<string>>(new Set());

const rows = computed(() => rowsOf(desk.value.settings.dispositions, say));
/** The chosen outcome; null where there is none, or none by that name any more. */
export const outcome = computed(() => rows.value.find((row) => row.path === draft.value.disposition && !row.branch) ?? null);

/** What an outcome of a record is called, each step of the way to it; undefined where it is none of this house now. */
export function outcomeWords(path: string): string | undefined {
  return rows.value.find((row) => row.path === path)?.words.join(t("line.outcome.join"));
}

// What was chosen is in sight after a reload; with the next contact the tree is closed again.
const contactId = computed(() => desk.value.contact?.id ?? "");
effect(() => {
  void contactId.value;
  typed.value = "";
  open.value = new Set(parents(draft.peek().disposition));
});

/** What became of the contact: a list, or a tree that opens and can be searched. */
export function Outcomes(): JSX.Element | null {
  const all = rows.value;
  if (all.length === 0) return null;
  const leaves = all.filter((row) => !row.branch).length;
  const shown = shownRows(all, typed.value, open.value);
  const chosen = outcome.value;
  return (
    <fieldset class="outcome" data-testid="dispositions">
      <legend>{base("do.outcome")}</legend>
      {leaves >= MANY && (
        <input
          type="search"
          aria-label={t("line.outcome.search")}
          placeholder={t("line.outcome.search")}
          value={typed.value}
          data-testid="outcome-search"
          onInput={(event) => (typed.value = event.currentTarget.value)}
        />
      )}
      {chosen !== null && !shown.includes(chosen) && (
        <p class="hint" data-testid="outcome-chosen">
          {t("line.outcome.chosen", { name: chosen.words.join(t("line.outcome.join")) })}
        </p>
      )}
      {shown.map((row) => (row.branch ? <Branch key={row.path} row={row} /> : <Leaf key={row.path} row={row} flat={typed.value.trim() !== ""} />))}
      {shown.length === 0 && <p class="hint">{t("line.outcome.none")}</p>}
    </fieldset>
  );
}

function Leaf({ row, flat }: { row: Row; flat: boolean }): JSX.Element {
  return (
    <label class={`choice depth-${flat ? 0 : Math.min(row.depth, 3)}`}>
      <input
        type="radio"
        name="disposition"
        value={row.path}
        checked={draft.value.disposition === row.path}
        data-testid={`disposition-${row.path}`}
        onChange={() => choose(row.path)}
      />
      <span>{flat ? row.words.join(t("line.outcome.join")) : row.words.at(-1)}</span>
    </label>
  );
}

function Branch({ row }: { row: Row }): JSX.Element {
  const opened = open.value.has(row.path);
  return (
    <button
      type="button"
      class={`branch depth-${Math.min(row.depth, 3)}`}
      aria-expanded={opened}
      data-testid={`branch-${row.path}`}
      onClick={() => {
        const next = new Set(open.value);
        if (!next.delete(row.path)) next.add(row.path);
        open.value = next;
      }}
    >
      <span class="turner" aria-hidden="true" /> {row.words.at(-1)}
    </button>
  );
}

/** The house's own words in the page's language, else whichever there are, else the catalogue's. */
function say(name: string, label: Words | undefined): string {
  if (label === undefined) return named("disposition", name);
  return typeof label === "string" ? label : (label[language.value] ?? Object.values(label)[0] ?? name);
}
