import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { length } from "../i18n";
import * as api from "./api";
import type { Coaching } from "./model";
import { MarkMoment, Moment } from "./Question";
import { href } from "./route";
import { act, countNews, who } from "./store";
import { t, when } from "./words";

interface Writing {
  agent: string;
  agentName: string;
  contact: string;
  review: string;
  added(note: Coaching): void;
}

/** Write to an agent about a second of the recording. */
export function NoteForm({ agent, agentName, contact, review, added }: Writing): JSX.Element {
  const text = useSignal("");
  const at = useSignal<number | null>(null);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const note = await act(api.coach({ agent, contact, review, at: at.value, text: text.value.trim() }), t("coaching.sent", { name: agentName || agent }));
    if (note === null) return;
    text.value = "";
    at.value = null;
    added(note);
  };
  return (
    <form class="note-form" onSubmit={(event) => void send(event)} data-testid="note-form">
      <textarea rows={2} maxLength={4000} aria-label={t("coaching.to", { name: agentName || agent })} placeholder={t("coaching.hint", { name: agentName || agent })} value={text.value} data-testid="note-text" onInput={(event) => (text.value = event.currentTarget.value)} />
      <div class="row small">
        {at.value !== null && <Moment at={at.value} />}
        {at.value === null && <MarkMoment choose={(second) => (at.value = second)} />}
        {at.value !== null && <button type="button" class="plain" onClick={() => (at.value = null)}>{t("card.moment.drop")}</button>}
        <span class="spread" />
        <button type="submit" disabled={text.value.trim() === ""} data-testid="note-send">{t("coaching.send")}</button>
      </div>
    </form>
  );
}

interface NoteProps {
  note: Coaching;
  /** Not shown where the contact is what one looks at. */
  linked?: boolean;
  changed(note: Coaching | null): void;
}

/** The notes with one as it is now, or without it. */
export function withNote(notes: readonly Coaching[], id: string, note: Coaching | null): Coaching[] {
  return notes.flatMap((one) => (one.id !== id ? [one] : note === null ? [] : [note]));
}

/** A note, and what its reader may do: say that it was read. */
export function Note({ note, linked = false, changed }: NoteProps): JSX.Element {
  const own = note.agent_id === who.value.id;
  const back = async (): Promise<void> => {
    if ((await act(api.takeBack(note.id), t("coaching.taken_back"))) !== null) changed(null);
  };
  const to = note.review_id !== "" ? href("review", note.review_id, { at: note.at ?? "" }) : href("contact", note.contact_id, { at: note.at ?? "" });
  const link = linked && (note.review_id !== "" || (note.contact_id !== "" && !own));
  return (
    <li class="note" data-testid="note" data-id={note.id} data-read={note.acknowledged_at !== null}>
      <p class="sub">
        {own ? t("coaching.from", { name: note.by_name || note.by }) : t("coaching.to", { name: note.agent_name || note.agent_id })} · {when(note.created_at)}
        {!own && note.by !== who.value.id && ` · ${note.by_name || note.by}`}
      </p>
      <p class="words">{note.text}</p>
      <div class="row small">
        {note.at !== null && !linked && <Moment at={note.at} />}
        {link && <a href={to}>{note.at === null ? t("coaching.listen") : t("quality.play_from", { time: length(note.at) })}</a>}
        {note.acknowledged_at !== null && <span class="calm"><span class="shape good" aria-hidden="true" /> {t("coaching.read", { at: when(note.acknowledged_at) })}</span>}
        {note.acknowledged_at === null && !own && <span class="calm"><span class="shape waiting" aria-hidden="true" /> {t("coaching.unread")}</span>}
        {note.acknowledged_at === null && note.by === who.value.id && <button type="button" class="plain" data-testid="note-back" onClick={() => void back()}>{t("coaching.take_back")}</button>}
      </div>
      {note.answer !== "" && <p class="said">{note.answer}</p>}
      {own && note.acknowledged_at === null && <TakeIn note={note} changed={changed} />}
    </li>
  );
}

function TakeIn({ note, changed }: Omit<NoteProps, "linked">): JSX.Element {
  const answer = useSignal("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const done = await act(api.takeIn(note.id, answer.value.trim()), t("coaching.read.done"));
    if (done !== null) changed(done);
    void countNews();
  };
  return (
    <form class="row" onSubmit={(event) => void send(event)}>
      <input maxLength={2000} aria-label={t("coaching.answer")} placeholder={t("coaching.answer")} value={answer.value} data-testid="note-answer" onInput={(event) => (answer.value = event.currentTarget.value)} />
      <button type="submit" class="primary" data-testid="note-read">{t("coaching.take_in")}</button>
    </form>
  );
}
