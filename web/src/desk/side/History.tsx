import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { clock, day, language, named, t } from "../../i18n";
import type { SideKey } from "../../i18n/desk-side-en";
import { sideEn } from "../../i18n/desk-side-en";
import { outcomeWords } from "../call/Outcomes";
import type { Contact, Turn } from "../model";
import { desk } from "../store";
import { together, type Past } from "./book";
import { get, of } from "./requests";
import { loadPast, past, pastState } from "./store";
import { s } from "./words";

const FIRST = 6;

interface Story {
  summary: string;
  note: string;
  turns: (Omit<Turn, "at"> & { at: string | number })[];
}

function kindName(kind: string): string {
  const key = `side.kind.${kind}`;
  return key in sideEn ? s(key as SideKey) : kind;
}

/** A day of this year without it, of another with it. */
function dayOf(at: number): string {
  if (at === 0) return "";
  const year = new Date(at * 1000).getFullYear();
  return year === new Date().getFullYear() ? day(at) : `${year}-${day(at)}`;
}

/** What is not done yet with this customer: tickets and promised calls. */
export function Tickets(): JSX.Element | null {
  const open = past.value.filter((one) => one.open && (one.kind === "ticket" || one.kind === "callback"));
  if (open.length === 0) return null;
  return (
    <section class="side-part" data-testid="tickets">
      <h3>{s("side.tickets")}</h3>
      <ul class="matters">
        {open.map((one) => (
          <li key={one.id} class={one.priority === "high" || one.priority === "urgent" ? "matter high" : "matter"}>
            <span class="chip figures">{one.id}</span>
            <span>
              {one.title || kindName(one.kind)}
              <span class="sub">
                {" "}
                {[dayOf(one.at), one.due_at ? s("side.tickets.due", { time: `${dayOf(one.due_at)} ${clock(one.due_at)}` }) : "", one.agent]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Everything that there was with this customer, on one line of time, whatever the channel. */
export function History({ contact }: { contact: Contact }): JSX.Element {
  const all = useSignal(false);
  const rows = together(past.value, contact);
  const shown = all.value ? rows : rows.slice(0, FIRST);
  return (
    <section class="side-part" data-testid="history">
      <h3>{s("side.past")}</h3>
      {pastState.value === "loading" && rows.length === 0 && <p class="calm">{s("side.past.loading")}</p>}
      {pastState.value === "failed" && (
        <p class="calm">
          {s("side.past.failed")}{" "}
          <button type="button" class="small" onClick={() => void loadPast()}>
            {s("side.past.retry")}
          </button>
        </p>
      )}
      {pastState.value === "ready" && rows.length === 0 && <p class="calm">{s("side.past.none")}</p>}
      <ol class="past">
        {shown.map((one) => (
          <Row key={`${one.kind} ${one.id}`} one={one} contact={contact} />
        ))}
      </ol>
      {rows.length > shown.length && (
        <button type="button" class="small" data-testid="past-more" onClick={() => (all.value = true)}>
          {s("side.past.more", { n: rows.length - shown.length })}
        </button>
      )}
    </section>
  );
}

function resultOf({ kind, result }: Past): string {
  if (kind === "survey") return s("side.kind.score", { n: result });
  return kind === "ticket" ? named("matter", result) : (outcomeWords(result) ?? named("disposition", result));
}

function Row({ one, contact }: { one: Past; contact: Contact }): JSX.Element {
  const ours = one.kind === "call" && !one.id.startsWith("file-");
  const result = resultOf(one);
  const head = (
    <>
      <time class="figures">{dayOf(one.at)}</time>
      <span class={`past-kind ${one.kind}`}>{kindName(one.kind)}</span>
      <span class="past-title">{one.kind === "call" ? named("intent", one.title) : one.title}</span>
      <span class="sub">{[result, one.agent].filter(Boolean).join(" · ")}</span>
    </>
  );
  return (
    <li data-testid="past" data-kind={one.kind}>
      {ours ? <Earlier one={one} contact={contact} head={head} /> : <div class="past-row">{head}</div>}
    </li>
  );
}

function Earlier({ one, contact, head }: { one: Past; contact: Contact; head: JSX.Element }): JSX.Element {
  const story = useSignal<Story | "loading" | "failed" | null>(null);
  const onToggle = async (event: { currentTarget: HTMLDetailsElement }): Promise<void> => {
    if (!event.currentTarget.open || (story.value !== null && story.value !== "failed")) return;
    story.value = "loading";
    story.value = await get<Story>(of(contact.id, `past/${encodeURIComponent(one.id)}`)).catch(() => "failed" as const);
  };
  const told = story.value;
  const mine = one.agent === desk.value.agent?.id;
  return (
    <details onToggle={(event) => void onToggle(event)}>
      <summary class="past-row">{head}</summary>
      <div class="story">
        {told === "loading" && <p class="calm">{s("side.past.loading")}</p>}
        {told === "failed" && <p class="calm">{s("side.past.failed")}</p>}
        {told !== null && typeof told === "object" && (
          <>
            {told.summary !== "" && <p class="summary">{told.summary}</p>}
            {told.note !== "" && <p class="story-note">{told.note}</p>}
            <ol>
              {told.turns.map((turn, n) => (
                <li key={n} lang={turn.language || language.value}>
                  <span class="sub">{t(turn.speaker === "agent" && !mine ? "talk.colleague" : `talk.${turn.speaker}`)}</span> {turn.text}
                </li>
              ))}
            </ol>
          </>
        )}
      </div>
    </details>
  );
}
