import type { ComponentChildren, JSX } from "preact";
import { length, named } from "../i18n";
import { plain, type Book, type Line } from "../desk/side/book";
import { MoodMark, When } from "./bits";
import { Moment } from "./Question";
import { usePeople } from "./people";
import { useReading } from "./reading";
import { beginOf, factsOf, type Past, type Whole, type Work } from "./record";
import { turns } from "./seek";
import * as api from "./api";
import { t, textOf, type QualityKey } from "./words";

interface Props {
  whole: Whole;
  book: Book;
}

/** Modules of a scene that this page draws from the record, by the names that scenes have for them. */
export const MODULES: Readonly<Record<string, (props: Props) => JSX.Element | null>> = {
  caller: Caller,
  mood: Mood,
  intent: Intent,
  handover: Handover,
  facts: Facts,
  lines: Lines,
  wrap_up: WrapUp,
  history: History,
};

function Part({ name, children }: { name: QualityKey; children: ComponentChildren }): JSX.Element {
  return (
    <section class="side-part" data-testid={name.replace(".", "-")}>
      <h3>{t(name)}</h3>
      {children}
    </section>
  );
}

function Rows({ rows }: { rows: [string, ComponentChildren][] }): JSX.Element {
  return (
    <dl class="facts">
      {rows.filter(([, value]) => value !== "" && value !== null).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Caller({ whole }: Props): JSX.Element {
  const products = (whole.profile.products ?? []).join(t("list.comma"));
  const name = whole.caller_name || whole.profile.name || t("who.unknown");
  return (
    <Part name="module.caller">
      <Rows rows={[[t("quality.caller"), name], [t("quality.number"), whole.caller_number], [t("quality.tier"), whole.profile.tier ?? ""], [t("who.products"), products]]} />
    </Part>
  );
}

/** How the caller felt, and when it changed. */
function Mood({ whole }: Props): JSX.Element | null {
  const felt = whole.turns.filter((turn, n, all) => turn.speaker === "caller" && turn.mood !== "" && all.slice(0, n).findLast((one) => one.speaker === "caller" && one.mood !== "")?.mood !== turn.mood);
  if (felt.length === 0) return null;
  return (
    <Part name="module.mood">
      <ul class="steps">
        {felt.map((turn) => {
          const second = beginOf(turn, turns.value, whole);
          return <li key={turn.at}>{second !== null && <Moment at={second} />} <MoodMark mood={turn.mood} /></li>;
        })}
      </ul>
    </Part>
  );
}

function Intent({ whole }: Props): JSX.Element | null {
  if (!whole.intent && whole.tags.length === 0) return null;
  return (
    <Part name="module.intent">
      <Rows rows={[[t("quality.intent"), whole.intent ? named("intent", whole.intent) : ""], [t("who.tags"), whole.tags.join(t("list.comma"))], [t("quality.queue"), whole.queue ?? ""], [t("quality.waited"), whole.wait_seconds === null ? "" : length(whole.wait_seconds)]]} />
    </Part>
  );
}

function Handover({ whole }: Props): JSX.Element | null {
  const { summary = "", note = "" } = whole.handover;
  if (summary === "" && note === "") return null;
  return (
    <Part name="module.handover">
      {summary !== "" && <p>{summary}</p>}
      {note !== "" && <p class="said">{note}</p>}
    </Part>
  );
}

function Facts({ whole }: Props): JSX.Element | null {
  const rows = factsOf(whole);
  return rows.length === 0 ? null : <Part name="module.facts"><Rows rows={rows} /></Part>;
}

/** What must be said, and at which second the agent said it. */
function Lines({ whole, book }: Props): JSX.Element | null {
  const work = useReading<Work>(whole.id, () => api.ask<Work>("GET", `/desk/contacts/${encodeURIComponent(whole.id)}/work`));
  if (book.lines.length === 0) return null;
  const ticked = new Set((work.value?.marks ?? []).filter((mark) => mark.kind === "line" && mark.value === "said").map((mark) => mark.name));
  return (
    <Part name="module.lines">
      <ul class="steps">
        {book.lines.map((line) => {
          const at = heardAt(line, whole);
          const said = at !== null || ticked.has(line.name);
          return (
            <li key={line.name} data-said={said}>
              <span class={`shape ${said ? "good" : "attention"}`} aria-hidden="true" /> <b>{t(said ? "module.lines.said" : "module.lines.missing")}</b> {textOf(line.text as Record<string, string> | string)} {at !== null && <Moment at={at} />}
            </li>
          );
        })}
      </ul>
    </Part>
  );
}

function heardAt(line: Line, whole: Whole): number | null {
  const phrases = Object.values(line.said).flat().map(plain).filter((phrase) => phrase !== "");
  const turn = whole.turns.find((one) => one.speaker === "agent" && phrases.some((phrase) => plain(one.text).includes(phrase)));
  return turn === undefined ? null : beginOf(turn, turns.value, whole);
}

function WrapUp({ whole }: Props): JSX.Element {
  const outcome = whole.agent_disposition ?? "";
  return (
    <Part name="module.wrap_up">
      <Rows rows={[[t("module.outcome"), outcome === "" ? <span class="attention">{t("module.none")}</span> : named("disposition", outcome)]]} />
      {whole.note === "" ? <p class="attention">{t("module.note.none")}</p> : <p class="said">{whole.note}</p>}
    </Part>
  );
}

function History({ whole }: Props): JSX.Element {
  const past = useReading(whole.id, () => api.ask<{ past: Past[] }>("GET", `/desk/contacts/${encodeURIComponent(whole.id)}/past`));
  const names = new Map(usePeople().agents.map(({ id, name }) => [id, name]));
  const rows = (past.value?.past ?? []).slice(0, 8);
  return (
    <Part name="module.history">
      {past.value !== null && rows.length === 0 && <p class="calm">{t("module.history.none")}</p>}
      {past.failed !== null && <p class="calm">{api.wordsOf(past.failed)}</p>}
      <ul class="steps">
        {rows.map((one) => (
          <li key={`${one.kind} ${one.id}`} data-testid="past">
            <When at={one.at === 0 ? null : one.at} /> {one.kind === "call" && one.title !== "" ? named("intent", one.title) : one.title} <span class="sub">{[one.kind === "ticket" ? named("matter", one.result) : named("disposition", one.result), names.get(one.agent) ?? one.agent].filter(Boolean).join(" · ")}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}
