import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import * as api from "./api";
import { CardPublished } from "./Appeal";
import { aboutOf, callerOf, Read, ScoreMark, StateTag, When } from "./bits";
import { CalibrateForm } from "./CalibrateForm";
import { MODULES } from "./Modules";
import type { About, Coaching, Contact, Review, Row } from "./model";
import { Note, NoteForm, withNote } from "./Notes";
import { CardSelect } from "./people";
import { Playing } from "./Playing";
import { useReading } from "./reading";
import { modulesFor, type Whole } from "./record";
import { go, href, route } from "./route";
import { CardEdit } from "./Scorecard";
import { act, book, judges, who } from "./store";
import { t, textOf, when } from "./words";

/** A contact: its sound and words, and what was said of it. */
export function ContactPage(): JSX.Element {
  const { id } = route.value;
  const about = useReading(id, () => api.about(id));
  const given = about.value;
  return (
    <Read of={about}>
      {given !== null && (
        <Listening contactId={id} contact={given.contact} pins={secondsOf(given.coaching)} card={<Reviews about={given} />} coaching={<NotesOf agent={given.contact.agent_id} name={given.contact.agent_name} contact={id} review="" notes={given.coaching} />} />
      )}
    </Read>
  );
}

/** A review: the same, with its card. */
export function ReviewPage(): JSX.Element {
  const { id } = route.value;
  const reading = useReading(id, () => api.review(id));
  const review = reading.value;
  return (
    <Read of={reading}>
      {review !== null && (
        <Listening
          contactId={review.contact_id}
          contact={review.contact}
          state={review.state}
          pins={secondsOf([...Object.values(review.answers), ...review.coaching])}
          card={<TheCard review={review} changed={reading.put} />}
          coaching={<NotesOf agent={review.agent_id} name={review.agent_name} contact={review.contact_id} review={review.id} notes={review.coaching} />}
        />
      )}
    </Read>
  );
}

/** The seconds to which something was written. */
function secondsOf(all: readonly { at: number | null }[]): number[] {
  return all.flatMap(({ at }) => (at === null ? [] : [at]));
}

function TheCard({ review, changed }: { review: Review; changed(review: Review): void }): JSX.Element {
  return (
    <>
      {review.calibration !== "" && judges.value && (
        <p class="said" data-testid="blind">{t("calibration.blind")} <a href={href("calibration", review.calibration)}>{t("calibration.look")}</a></p>
      )}
      {review.may.edit ? <CardEdit key={review.id} review={review} changed={changed} /> : <CardPublished review={review} changed={changed} />}
      {!review.may.edit && <Happened review={review} />}
      {judges.value && !review.may.edit && review.evaluator === "automatic" && <Begin contact={review.contact_id} card={review.card} words={t("review.take_over")} />}
    </>
  );
}

function Happened({ review }: { review: Review }): JSX.Element {
  return (
    <details class="side-part" data-testid="history">
      <summary>{t("review.history")}</summary>
      <ul class="steps">
        {review.history.map((one, n) => (
          <li key={n}>
            <When at={one.at} /> {t(`happened.${one.what}` as "happened.created")} <span class="sub">{one.by === "automatic" ? t("review.automatic") : one.by_name || one.by}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

interface Props {
  contactId: string;
  contact: Contact | null;
  /** Of the review: where it changes, the card is shown from its top. */
  state?: string;
  card: JSX.Element;
  coaching: JSX.Element;
  pins: readonly number[];
}

/** The player, and beside it what the scene `quality` puts there. */
function Listening({ contactId, contact, state, card, coaching, pins }: Props): JSX.Element {
  const whole = useSignal<Whole | null>(null);
  useEffect(() => {
    if (!judges.value) return;
    // The player and the card stand without them: a module that has nothing to say is not there.
    api.ask<Whole>("GET", `/contacts/${encodeURIComponent(contactId)}`).then((found) => (whole.value = found), () => undefined);
  }, [contactId]);
  const top = useRef<HTMLDivElement>(null);
  const before = useRef(state);
  useEffect(() => {
    if (before.current !== state) top.current?.scrollIntoView({ block: "start" });
    before.current = state;
  }, [state]);
  const modules = modulesFor(book.value, whole.value);
  const draw = (name: string): JSX.Element | null => {
    if (name === "scorecard") return <div key={name} ref={top}>{card}</div>;
    if (name === "coaching") return <div key={name}>{coaching}</div>;
    const Part = MODULES[name];
    return Part === undefined || whole.value === null ? null : <Part key={name} whole={whole.value} book={book.value} />;
  };
  const asked = (name: string): number | null => {
    const given = route.value.query.get(name) ?? "";
    return given === "" || Number.isNaN(Number(given)) ? null : Number(given);
  };
  return (
    <main class="listening" data-testid="listening" data-contact={contactId}>
      <header class="head">
        <h1>{callerOf(contact)}</h1>
        <p class="calm">
          {[contact?.agent_name || contact?.agent_id, when(contact?.started_at), aboutOf(contact)].filter(Boolean).join(" · ")}
        </p>
      </header>
      <div class="hear"><Playing contact={contactId} at={asked("at")} turn={asked("turn")} pins={pins} /></div>
      <aside class="judge" aria-label={t("quality.judge")}>{modules.do.map(draw)}</aside>
      {whole.value !== null && <aside class="know" aria-label={t("quality.know")}>{modules.who.map(draw)}</aside>}
    </main>
  );
}

/** What was judged of a contact so far, and the way to judge it. */
function Reviews({ about }: { about: About }): JSX.Element {
  const calibrating = useSignal(false);
  const draft = about.reviews.find((one) => one.state === "draft" && one.evaluator === who.value.id && one.calibration === "");
  const own = about.contact.agent_id === who.value.id;
  return (
    <section class="side-part" data-testid="reviews">
      <h2>{t("reviews.title")}</h2>
      {about.reviews.length === 0 && <p class="calm">{t("reviews.none")}</p>}
      <ul class="lines">{about.reviews.map((row) => <ReviewLine key={row.id} row={row} />)}</ul>
      {own && <p class="calm">{t("review.own")}</p>}
      {!own && about.contact.agent_id !== "" && (
        <>
          {draft === undefined ? <Begin contact={about.contact.id} card={about.card ?? ""} words={t("review.begin")} /> : <a class="button" href={href("review", draft.id)}>{t("work.go_on")}</a>}
          {!calibrating.value && <button type="button" class="plain" data-testid="calibrate" onClick={() => (calibrating.value = true)}>{t("calibration.begin")}</button>}
          {calibrating.value && <CalibrateForm contact={about.contact} card={about.card ?? ""} cancel={() => (calibrating.value = false)} />}
        </>
      )}
    </section>
  );
}

function ReviewLine({ row }: { row: Row }): JSX.Element {
  return (
    <li>
      <a href={href("review", row.id)} data-testid="review-line" data-evaluator={row.evaluator}>
        <span>{textOf(row.card_title) || row.card}</span>
        <span class="sub">{row.evaluator === "automatic" ? "" : row.evaluator_name || row.evaluator} {when(row.published_at ?? row.updated_at)}</span>
        <StateTag row={row} />
        <ScoreMark score={row.score} />
      </a>
    </li>
  );
}

/** Begin a review of one's own; what the rules answered is there already. */
function Begin({ contact, card, words }: { contact: string; card: string; words: string }): JSX.Element {
  const chosen = useSignal(card);
  const begin = async (): Promise<void> => {
    const review = await act(api.begin(contact, chosen.value), "");
    if (review !== null) go("review", review.id);
  };
  return (
    <div class="row">
      <CardSelect label={t("card.which")} all={t("card.fitting")} value={chosen.value} choose={(name) => (chosen.value = name)} />
      <button type="button" class="primary" data-testid="review-begin" onClick={() => void begin()}>{words}</button>
    </div>
  );
}

interface NotesProps {
  agent: string;
  name: string;
  contact: string;
  review: string;
  notes: Coaching[];
}

function NotesOf({ agent, name, contact, review, notes }: NotesProps): JSX.Element | null {
  const all = useSignal(notes);
  const put = (id: string) => (note: Coaching | null) => void (all.value = withNote(all.value, id, note));
  const writes = judges.value && agent !== "" && agent !== who.value.id;
  if (!writes && all.value.length === 0) return null;
  return (
    <section class="side-part" data-testid="notes">
      <h2>{t("coaching.title")}</h2>
      <ul class="notes">{all.value.map((note) => <Note key={note.id} note={note} changed={put(note.id)} />)}</ul>
      {writes && <NoteForm agent={agent} agentName={name} contact={contact} review={review} added={(note) => (all.value = [...all.value, note])} />}
    </section>
  );
}
