import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { length, t } from "../i18n";
import { Icon } from "../ui/icons";
import { isTyping, KeyPad } from "../ui/KeyPad";
import type { Contact } from "./model";
import {
  accept,
  callerName,
  decline,
  desk,
  hangUp,
  hold,
  link,
  now,
  padOpen,
  phone,
  press,
  pressed,
  ringing,
  talking,
} from "./store";

/** The bar at the bottom. It never moves; only what stands in it changes. */
export function CallBar(): JSX.Element {
  const contact = desk.value.contact;
  return (
    <footer class={ringing.value ? "bar ringing" : "bar"} aria-label={t("bar.label")} data-testid="bar">
      {padOpen.value && talking.value && <Pad />}
      {ringing.value && contact !== null ? (
        <Offer contact={contact} />
      ) : talking.value && contact !== null ? (
        <Talk contact={contact} />
      ) : (
        <Idle contact={contact} />
      )}
      <p class="unseen" role="alert" data-testid="ring-announce">
        {ringing.value ? t("ring.announce", { queue: contact?.queue ?? "", name: callerName.value }) : ""}
      </p>
    </footer>
  );
}

function Idle({ contact }: { contact: Contact | null }): JSX.Element {
  const words = contact?.phase === "wrap_up" ? t("bar.wrap_up") : contact === null ? t("bar.idle") : t("bar.preparing");
  return (
    <p class="bar-words calm" data-testid="bar-idle">
      {words}
    </p>
  );
}

function Offer({ contact }: { contact: Contact }): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isTyping(document.activeElement)) button.current?.focus();
  }, [contact.id]);
  const total = Math.max(1, desk.value.settings.ring_seconds);
  const left = Math.max(0, (desk.value.ring?.until ?? 0) - now());
  return (
    <>
      <TimeRing share={Math.min(1, left / total)} left={left} />
      <div class="bar-words" data-testid="offer">
        <strong>{t("bar.offer", { name: callerName.value })}</strong>
        {contact.queued_at !== null && (
          <span class="sub figures">
            {t("bar.offer.for", { queue: contact.queue, time: length(now() - contact.queued_at) })}
          </span>
        )}
      </div>
      <div class="bar-actions">
        <button type="button" class="decline" data-testid="decline" onClick={decline}>
          {t("bar.decline")} <kbd>Esc</kbd>
        </button>
        <button ref={button} type="button" class="accept" data-testid="accept" onClick={accept}>
          <Icon name="phone" /> {t("bar.accept")} <kbd>Enter</kbd>
        </button>
      </div>
    </>
  );
}

function TimeRing({ share, left }: { share: number; left: number }): JSX.Element {
  const around = 2 * Math.PI * 18;
  const seconds = Math.ceil(left);
  return (
    <div class="time-ring" role="img" aria-label={t("bar.left", { n: seconds })} data-testid="ring-left">
      <svg width="44" height="44" viewBox="0 0 44 44" aria-hidden="true">
        <circle cx="22" cy="22" r="18" class="track" />
        <circle cx="22" cy="22" r="18" class="left" stroke-dasharray={around} stroke-dashoffset={around * (1 - share)} />
      </svg>
      <span class="figures" aria-hidden="true">
        {seconds}
      </span>
    </div>
  );
}

function Talk({ contact }: { contact: Contact }): JSX.Element {
  const held = contact.phase === "held";
  const muted = phone.muted.value;
  const connecting = contact.phase === "connecting";
  const cut = link.value !== "open";
  return (
    <>
      <div class={`bar-words phase-${contact.phase}`}>
        <strong class="figures timer" data-testid="timer">
          {contact.answered_at === null ? "0:00" : length(now() - contact.answered_at)}
        </strong>
        <span data-testid="phase">{t(`bar.${contact.phase}` as "bar.connected")}</span>
      </div>
      <div class="bar-actions start">
        <Action id="mute" on={muted} letter="M" icon={muted ? "mute" : "mic"} onClick={() => phone.mute(!muted)}>
          {t(muted ? "bar.unmute" : "bar.mute")}
        </Action>
        <Action id="hold" on={held} letter="H" icon="hold" disabled={connecting || cut} onClick={() => void hold()}>
          {t(held ? "bar.resume" : "bar.hold")}
        </Action>
        <Action id="keys" on={padOpen.value} letter="D" icon="keys" onClick={() => (padOpen.value = !padOpen.value)}>
          {t("bar.keys")}
        </Action>
      </div>
      <Quality />
      <button type="button" class="hangup" disabled={cut} data-testid="hang-up" onClick={() => void hangUp()}>
        <Icon name="hangup" /> <span>{t("bar.hangup")}</span>
      </button>
    </>
  );
}

interface ActionProps {
  id: string;
  on: boolean;
  letter: string;
  icon: "mute" | "mic" | "hold" | "keys";
  disabled?: boolean;
  onClick(): void;
  children: ComponentChildren;
}

function Action({ id, on, letter, icon, disabled = false, onClick, children }: ActionProps): JSX.Element {
  return (
    <button
      type="button"
      class={on ? "action on" : "action"}
      aria-pressed={on}
      aria-keyshortcuts={letter}
      disabled={disabled}
      data-testid={id}
      onClick={onClick}
    >
      <Icon name={icon} /> <span>{children}</span> <kbd>{letter}</kbd>
    </button>
  );
}

function Quality(): JSX.Element {
  const media = desk.value.media.state;
  const connected = phone.state.value === "connected";
  const grade = phone.quality.value;
  const words = connected ? t(`quality.${grade}`) : t("bar.media.connecting");
  const kind = !connected || grade === "unknown" ? "" : grade === "good" ? "good" : grade === "fair" ? "waiting" : "danger";
  return (
    <span class={`quality ${kind}`} data-testid="quality" data-media={media} data-grade={grade}>
      <span class={`shape ${kind}`} aria-hidden="true" /> {t("quality.label")}: {words}
    </span>
  );
}

function Pad(): JSX.Element {
  return (
    <div class="pad">
      <output class="figures" data-testid="pressed">
        {pressed.value || " "}
      </output>
      <KeyPad onPress={press} />
    </div>
  );
}
