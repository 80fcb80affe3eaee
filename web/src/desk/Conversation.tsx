import { useSignal } from "@preact/signals";
import { Component, type JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { clock, day, named, t } from "../i18n";
import { Advice } from "./Advice";
import { Earlier } from "./Earlier";
import type { Contact, Trigger } from "./model";
import { Listen } from "./side/Listen";
import { link } from "./store";
import { TalkBar } from "./TalkBar";
import { timeline, UNSURE, type TurnLine } from "./timeline";

const NEAR_END = 48;

/** What was said, live. Stays at the end unless the person scrolled up to read. */
export function Conversation({ contact }: { contact: Contact }): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const following = useSignal(true);
  const toEnd = (): void => {
    const box = list.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
  };
  useLayoutEffect(() => {
    if (following.peek()) toEnd();
  }, [contact.turns, contact.answered_at, contact.id]);
  // Advice that comes and goes, or a smaller window, takes room away under the last words.
  useLayoutEffect(() => {
    const box = list.current;
    if (box === null) return undefined;
    const sizes = new ResizeObserver(() => following.peek() && toEnd());
    sizes.observe(box);
    return () => sizes.disconnect();
  }, []);
  const onScroll = (): void => {
    const box = list.current;
    if (box !== null) following.value = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
  };
  const live = link.value === "open" && contact.phase !== "wrap_up" && contact.phase !== "ended";
  return (
    <section class="panel conversation" aria-label={t("panel.conversation")} data-panel="conversation">
      <h2>
        {t("panel.conversation")}
        {live && <span class="live">{t("talk.live")}</span>}
      </h2>
      <TalkBar contact={contact} />
      <Earlier contact={contact} />
      {contact.turns.length === 0 && <p class="calm">{t("talk.none")}</p>}
      <ol ref={list} class="turns" tabIndex={0} onScroll={onScroll} aria-label={t("panel.conversation")} data-testid="turns">
        {timeline(contact).map((row) =>
          row.kind === "turn" ? (
            <TurnRow key={row.index} line={row} contact={contact} />
          ) : (
            <li key={row.kind} class="mark">
              {t(row.kind === "queued" ? "talk.queued" : "talk.answered", { time: clock(row.at) })}
            </li>
          ),
        )}
      </ol>
      {!following.value && (
        <button type="button" class="to-end" onClick={toEnd}>
          {t("talk.latest")}
        </button>
      )}
      <Advice contact={contact} />
    </section>
  );
}

interface TurnProps {
  line: TurnLine;
  contact: Contact;
}

/** One turn; drawn again only where it is another, however many come after it. Its words follow the language by themselves. */
class TurnRow extends Component<TurnProps> {
  override shouldComponentUpdate({ line, contact }: TurnProps): boolean {
    const before = this.props.line;
    const same = line.triggers.length === before.triggers.length && line.triggers.every((one, n) => one === before.triggers[n]);
    return line.turn !== before.turn || line.keys !== before.keys || line.mine !== before.mine || !same || contact.id !== this.props.contact.id;
  }

  override render({ line, contact }: TurnProps): JSX.Element {
    return <Drawn line={line} contact={contact} />;
  }
}

function Drawn({ line, contact }: TurnProps): JSX.Element {
  const { turn, keys, triggers } = line;
  const spoken = turn.medium !== "keys";
  const unsure = spoken && turn.confidence !== null && turn.confidence < UNSURE;
  const upset = turn.mood === "tense" || turn.mood === "angry" ? turn.mood : "";
  return (
    <li class={`turn ${turn.speaker}${unsure ? " doubtful" : ""}`} data-testid="turn" data-speaker={turn.speaker}>
      <time class="figures">{clock(turn.at)}</time>
      <span class="speaker">{t(turn.speaker === "agent" && !line.mine ? "talk.colleague" : `talk.${turn.speaker}`)}</span>
      <span class="words" lang={turn.language || undefined}>
        {spoken ? turn.text : <kbd>{t("talk.pressed", { keys })}</kbd>}
      </span>
      <span class="aside">
        <Listen contact={contact} turn={turn} index={line.index} />
        {upset !== "" && (
          <span class={`felt ${upset}`} data-testid="turn-mood">
            {t(`mood.${upset}`)}
          </span>
        )}
        <Confidence value={spoken ? turn.confidence : null} />
      </span>
      {triggers.map((one) => (
        <Found key={`${one.at} ${one.name}`} trigger={one} />
      ))}
    </li>
  );
}

/** What the flow waits for was said in this turn, and what was done about it. */
function Found({ trigger }: { trigger: Trigger }): JSX.Element {
  const did = [
    trigger.task && t("trigger.task", { task: trigger.task }),
    trigger.due_at && t("trigger.due", { time: `${day(trigger.due_at)} ${clock(trigger.due_at)}` }),
  ].filter(Boolean);
  return (
    <span class="found" data-testid="trigger" data-kind={trigger.kind}>
      <span class="chip">{named("trigger", trigger.kind === "custom" ? trigger.name : trigger.kind)}</span>
      {did.length > 0 && <span class="sub">{did.join(" · ")}</span>}
    </span>
  );
}

export function Confidence({ value }: { value: number | null }): JSX.Element {
  if (value === null) return <span class="confidence" />;
  const percent = Math.round(value * 100);
  return (
    <span class={value < UNSURE ? "confidence unsure" : "confidence"} title={t("talk.confidence", { n: percent })}>
      {value < UNSURE && <span class="word">{t("talk.unsure")}</span>}
      <span class="figures">{value.toFixed(2)}</span>
    </span>
  );
}
