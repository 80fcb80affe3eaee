import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { now } from "../desk/store";
import type { Message, Thread, WholeThread } from "./model";
import { act, choose, draftOf, earlier, inbox, makeTicket, sendAgain, sendFile, typed, typing, unsent, write } from "./store";
import { called, t, when } from "./words";
import { Attach, octets } from "../ui/attach";
import { unturned } from "../i18n/fill";

const TYPING_MS = 5000;

/** One conversation: what was said, and the place to answer. */
export function Talk({ whole }: { whole: WholeThread }): JSX.Element {
  const { thread, messages } = whole;
  const mine = thread.agent_id === inbox.value.choices.agent && thread.status !== "closed" && thread.status !== "waiting";
  return (
    <article class="talk" data-testid="talk" data-status={thread.status} data-thread={thread.id}>
      <Head whole={whole} mine={mine} />
      <Messages thread={thread} messages={messages} />
      {mine ? <Composer key={thread.id} thread={thread} /> : <Locked thread={thread} />}
    </article>
  );
}

function Head({ whole, mine }: { whole: WholeThread; mine: boolean }): JSX.Element {
  const { thread, tickets } = whole;
  const asking = useSignal(false);
  const { queues, agents, agent } = inbox.value.choices;
  return (
    <header class="talk-head">
      <h2>
        <b>{thread.name || t("inbox.unknown")}</b>
        <span class="sub">
          {called("reach", thread.channel)} · {called("thread", thread.status)} · {thread.queue}
        </span>
      </h2>
      <div class="talk-buttons">
        {mine && thread.status === "assigned" && (
          <button
            type="button"
            class="action"
            title={t("talk.aside.hint")}
            data-testid="talk-aside"
            onClick={() => void act(thread.id, "aside")}
          >
            {t("talk.aside")}
          </button>
        )}
        {mine && (
          <select
            aria-label={t("talk.give")}
            value=""
            data-testid="talk-give"
            onChange={(event) => {
              const to = event.currentTarget.value;
              event.currentTarget.value = "";
              if (to !== "") void act(thread.id, "give", { to });
            }}
          >
            <option value="">{t("talk.give")}</option>
            {queues.map((name) => (
              <option key={name} value={`queue:${name}`}>
                {t("talk.give.queue", { name })}
              </option>
            ))}
            {agents
              .filter((one) => one.id !== agent)
              .map((one) => (
                <option key={one.id} value={`agent:${one.id}`}>
                  {one.name}
                </option>
              ))}
          </select>
        )}
        <button type="button" class="action" data-testid="talk-ticket" onClick={() => (asking.value = !asking.value)}>
          {t("talk.ticket")}
        </button>
        {mine && (
          <button type="button" class="action" data-testid="talk-close" onClick={() => void act(thread.id, "close")}>
            {t("talk.close")}
          </button>
        )}
      </div>
      {asking.value && <NewTicket thread={thread} cancel={() => (asking.value = false)} />}
      {tickets.length > 0 && (
        <p class="talk-tickets">
          {tickets.map((one) => (
            <button key={one.id} type="button" class="link" onClick={() => void choose("ticket", one.id)}>
              {one.id} {one.subject}
            </button>
          ))}
        </p>
      )}
    </header>
  );
}

function NewTicket({ thread, cancel }: { thread: Thread; cancel(): void }): JSX.Element {
  const subject = useSignal(thread.subject);
  return (
    <form
      class="new-ticket"
      data-testid="new-ticket"
      onSubmit={(event) => {
        event.preventDefault();
        if (subject.value.trim() !== "") void makeTicket({ subject: subject.value.trim(), thread: thread.id }).then((made) => made && cancel());
      }}
    >
      <label class="field">
        <span>{t("talk.ticket.subject")}</span>
        <input
          value={subject.value}
          maxLength={300}
          required
          autofocus
          data-testid="new-ticket-subject"
          onInput={(event) => (subject.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary" data-testid="new-ticket-make">
        {t("talk.ticket.make")}
      </button>
      <button type="button" class="plain" onClick={cancel}>
        {t("talk.cancel")}
      </button>
    </form>
  );
}

function Messages({ thread, messages }: { thread: Thread; messages: Message[] }): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const waiting = unsent.value[thread.id] ?? [];
  const last = messages.at(-1)?.index ?? -1;
  useLayoutEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [thread.id, last, waiting.length]);
  const types = Date.now() - (typing.value[thread.id] ?? 0) < TYPING_MS;
  return (
    <ol class="messages" ref={list} tabIndex={0} aria-live="polite" aria-label={t("talk.messages")} data-testid="messages">
      {(messages[0]?.index ?? 0) > 0 && (
        <li>
          <button type="button" class="plain" onClick={() => void earlier()}>
            {t("talk.earlier")}
          </button>
        </li>
      )}
      {messages.map((one) => (
        <Line key={one.index} thread={thread} message={one} />
      ))}
      {waiting.map((one) => (
        <li key={one.key} class={`message ${one.note ? "note" : "out"} unsent`} data-testid="unsent">
          <p>{one.text}</p>
          <span class={one.state === "failed" ? "danger" : "sub"}>
            {one.state === "sending" ? t("talk.sending") : `${t("talk.unsent")}${one.why === "" ? "" : `: ${one.why}`}`}
            {one.state === "failed" && (
              <button type="button" class="link" onClick={() => sendAgain(thread.id, one)}>
                {t("talk.retry")}
              </button>
            )}
          </span>
        </li>
      ))}
      {types && <li class="sub types">{t("talk.types", { name: thread.name || t("inbox.unknown") })}</li>}
    </ol>
  );
}

function nameOf(agent: string): string {
  const { agents, agent: me } = inbox.value.choices;
  return agent === me ? t("talk.you") : unturned(agents.find((one) => one.id === agent)?.name ?? agent);
}

function Line({ thread, message }: { thread: Thread; message: Message }): JSX.Element {
  if (message.direction === "event") {
    const [what = "", ...rest] = message.text.split(":");
    const value = rest.join(":").replace(/^(agent|queue):/, "");
    const named = what === "assigned" || what === "reopened" ? nameOf(value) : value;
    return (
      <li class="happened sub">
        {called("event", what, { value: named })} <time class="figures">{when(message.at, now())}</time>
      </li>
    );
  }
  const who = message.direction === "in" ? thread.name || t("inbox.unknown") : nameOf(message.author);
  return (
    <li class={`message ${message.direction}`} data-testid="message" data-direction={message.direction}>
      <span class="sub">
        {message.direction === "note" ? `${t("talk.note")} · ` : ""}
        {who} <time class="figures">{when(message.at, now())}</time>
      </span>
      {message.text !== "" && (
        <p lang={message.direction === "in" && thread.language !== "" ? thread.language : undefined}>{message.text}</p>
      )}
      <Files thread={thread} message={message} />
      {message.status === "waiting" && <span class="sub">{t("talk.waiting")}</span>}
      {message.status === "failed" && (
        <span class="danger">
          {t("talk.failed", { why: message.reason })}
          <button type="button" class="link" onClick={() => void act(thread.id, "retry", { index: message.index })}>
            {t("talk.retry")}
          </button>
        </span>
      )}
    </li>
  );
}

function Files({ thread, message }: { thread: Thread; message: Message }): JSX.Element | null {
  if (message.files === undefined || message.files.length === 0) return null;
  return (
    <ul class="files">
      {message.files.map((one) => {
        const href = `/api/v1/threads/${encodeURIComponent(thread.id)}/files/${one.id}`;
        return (
          <li key={one.id}>
            <a href={href} download={one.name} data-testid="file">
              {one.type.startsWith("image/") && <img src={href} alt="" loading="lazy" />}
              <span>{one.name}</span> <span class="sub figures">{octets(one.size)}</span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

function Composer({ thread }: { thread: Thread }): JSX.Element {
  const noted = draftOf(thread.id, true);
  const text = useSignal(noted || draftOf(thread.id));
  const note = useSignal(noted !== "");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = (): void => {
    const said = text.value.trim();
    if (said === "") return;
    write(thread.id, said, note.value);
    text.value = "";
    note.value = false;
    field.current?.focus();
  };
  return (
    <form
      class={note.value ? "composer as-note" : "composer"}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        ref={field}
        rows={2}
        maxLength={10000}
        aria-label={t(note.value ? "talk.note" : "talk.write")}
        placeholder={t(note.value ? "talk.placeholder.note" : "talk.placeholder")}
        value={text.value}
        data-testid="composer"
        onInput={(event) => {
          text.value = event.currentTarget.value;
          typed(thread.id, text.value, note.value);
        }}
        onKeyDown={(event) => {
          // Enter chooses a word while one is being composed, as Chinese is typed.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          submit();
        }}
      />
      <div class="composer-end">
        <label class="check">
          <input
            type="checkbox"
            checked={note.value}
            data-testid="as-note"
            onChange={() => {
              note.value = !note.value;
              typed(thread.id, text.value, note.value);
            }}
          />
          {t("talk.note")}
        </label>
        {!note.value && (thread.channel === "chat" || thread.channel === "email") && (
          <Attach label={t("talk.attach")} testId="attach" take={(file) => void sendFile(thread.id, file)} />
        )}
        <button type="submit" class="primary" disabled={text.value.trim() === ""} data-testid="send">
          {t(note.value ? "talk.keep" : "talk.send")}
        </button>
      </div>
    </form>
  );
}

function Locked({ thread }: { thread: Thread }): JSX.Element {
  const words =
    thread.status === "closed"
      ? t("talk.locked.closed")
      : thread.agent_id === "" || thread.status === "waiting"
        ? t("talk.locked.nobody")
        : thread.agent_id === inbox.value.choices.agent
          ? t("talk.locked.you")
          : t("talk.locked", { name: nameOf(thread.agent_id) });
  return (
    <div class="locked">
      <p class="calm">{words}</p>
      <button type="button" class="primary" data-testid="talk-take" onClick={() => void act(thread.id, "take")}>
        {t("talk.take")}
      </button>
    </div>
  );
}
