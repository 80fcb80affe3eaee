import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { clock, language } from "../i18n";
import { t, type InboxKey } from "../inbox/words";
import { Switches } from "../ui/Switches";
import { Attach, octets } from "../ui/attach";
import { chat, draft, fileFault, leave, link, person, save, say, sayAgain, sendFile, tell, tick, type } from "./store";

const TYPING_MS = 5000;
const FIELDS: Record<string, { label: InboxKey; mode: "text" | "tel" | "email"; complete: string }> = {
  name: { label: "chat.name", mode: "text", complete: "name" },
  phone: { label: "chat.phone", mode: "tel", complete: "tel" },
  email: { label: "chat.email", mode: "email", complete: "email" },
};

/** A visitor writes with this house. */
export function App(): JSX.Element {
  const { status } = chat.value;
  return (
    <div class="chat" data-testid="chat" data-status={status} data-link={link.value}>
      <header class="chat-top">
        <h1>{t("chat.title")}</h1>
        <Switches />
      </header>
      <p class="chat-phase" role="status" data-testid="chat-phase">
        {phaseWords()}
      </p>
      <main class="chat-main">
        <Lines />
      </main>
      <Compose />
    </div>
  );
}

function phaseWords(): string {
  const { status, agent, position, ready } = chat.value;
  if (link.value === "busy") return t("chat.busy");
  if (link.value === "lost") return t("chat.lost");
  if (!ready) return t("chat.connecting");
  switch (status) {
    case "waiting":
      return position > 1 ? `${t("chat.waiting")} ${t("chat.place", { n: position })}` : t("chat.waiting");
    case "assigned":
      return t("chat.agent", { name: agent });
    case "pending":
      return t("chat.pending", { name: agent });
    case "closed":
      return t("chat.closed");
    default:
      return t("chat.idle");
  }
}

function Lines(): JSX.Element {
  const { lines, unsent, greeting, typedAt, agent, ask, thread } = chat.value;
  const list = useRef<HTMLOListElement>(null);
  useLayoutEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [lines.length, unsent.length]);
  void tick.value;
  return (
    <ol class="messages" ref={list} tabIndex={0} aria-live="polite" aria-label={t("chat.messages")} data-testid="chat-messages">
      <li class="message out">
        <p>{greeting[language.value] ?? t("chat.greeting")}</p>
      </li>
      {thread === "" && lines.length === 0 && ask.length > 0 && (
        <li class="chat-person">
          {ask.map((name) => {
            const field = FIELDS[name];
            if (field === undefined) return null;
            return (
              <label key={name} class="field">
                <span>{t(field.label)}</span>
                <input
                  type="text"
                  inputMode={field.mode}
                  autocomplete={field.complete}
                  maxLength={name === "email" ? 254 : 40}
                  value={person.value[name] ?? ""}
                  data-testid={`chat-${name}`}
                  onInput={(event) => tell(name, event.currentTarget.value)}
                />
              </label>
            );
          })}
        </li>
      )}
      {lines.map((line) => (
        <li key={line.index} class={`message ${line.direction === "in" ? "mine" : "out"}`} data-testid="chat-message" data-direction={line.direction}>
          <span class="sub">
            {line.direction === "in" ? t("chat.you") : line.name || t("chat.us")} <time class="figures">{clock(line.at)}</time>
          </span>
          {line.text !== "" && <p>{line.text}</p>}
          {(line.files ?? []).map((one) => (
            <button key={one.id} type="button" class="link file" data-testid="chat-file" onClick={() => void save(one)}>
              {one.name} <span class="sub figures">{octets(one.size)}</span>
            </button>
          ))}
        </li>
      ))}
      {unsent.map((one) => (
        <li key={one.key} class="message mine unsent" data-testid="chat-unsent">
          <p>{one.text}</p>
          {one.failed !== null && (
            <span class="danger">
              {t("chat.unsent")}
              {one.failed}{" "}
              <button type="button" class="link" onClick={() => sayAgain(one.key, one.text)}>
                {t("chat.retry")}
              </button>
            </span>
          )}
        </li>
      ))}
      {Date.now() - typedAt < TYPING_MS && <li class="sub">{t("chat.types", { name: agent || t("chat.us") })}</li>}
    </ol>
  );
}

function Compose(): JSX.Element {
  const { thread, status } = chat.value;
  const submit = (): void => {
    const said = draft.value.trim();
    if (said !== "") say(said);
  };
  return (
    <form
      class="chat-compose"
      aria-label={t("chat.placeholder")}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        rows={2}
        maxLength={4000}
        aria-label={t("chat.placeholder")}
        placeholder={t("chat.placeholder")}
        value={draft.value}
        data-testid="chat-text"
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => {
          // Enter chooses a word while one is being composed, as Chinese is typed.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          submit();
        }}
      />
      <button type="submit" class="primary" disabled={draft.value.trim() === ""} data-testid="chat-send">
        {t("chat.send")}
      </button>
      {thread !== "" && <Attach label={t("talk.attach")} testId="chat-attach" take={(file) => void sendFile(file)} />}
      {fileFault.value !== "" && (
        <p role="alert" class="danger chat-fault" data-testid="chat-fault">
          {t("chat.unsent")} {fileFault.value}
        </p>
      )}
      {thread !== "" && status !== "closed" && (
        <button type="button" class="plain chat-leave" data-testid="chat-leave" onClick={leave}>
          {t("chat.leave")}
        </button>
      )}
    </form>
  );
}
