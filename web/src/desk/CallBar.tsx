import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { length, t } from "../i18n";
import { Icon, type IconName } from "../ui/icons";
import { isTyping, KeyPad } from "../ui/KeyPad";
import { answersAt, consulted, guest, mayDial, park, record, stopRecording, toggle } from "./call/actions";
import { DialPanel } from "./call/DialPanel";
import { HelpSheet } from "./call/HelpSheet";
import { Panel } from "./call/Panel";
import { letters } from "./call/preferences";
import { QualityPanel } from "./call/QualityPanel";
import { SettingsPanel } from "./call/SettingsPanel";
import { Strips } from "./call/Strips";
import { TransferPanel } from "./call/TransferPanel";
import { t as line } from "./call/words";
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
  panel,
  phone,
  press,
  pressed,
  ringing,
  talking,
} from "./store";

/** The bar at the bottom. It never moves; strips take their room from the story, panels stand over it. */
export function CallBar(): JSX.Element {
  const contact = desk.value.contact;
  return (
    <footer class="foot" aria-label={t("bar.label")}>
      <div class="over-bar">
        <Open />
      </div>
      <Strips />
      <div class={ringing.value ? "bar ringing" : "bar"} data-testid="bar">
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
      </div>
    </footer>
  );
}

/** What is open above the bar. */
function Open(): JSX.Element | null {
  const calls = talking.value;
  switch (panel.value) {
    case "keys":
      return calls ? <Pad /> : null;
    case "transfer":
      return calls && !guest.value && !consulted.value ? <TransferPanel /> : null;
    case "dial":
      return calls ? null : <DialPanel />;
    case "quality":
      return calls ? <QualityPanel /> : null;
    case "more":
      return calls ? <More /> : null;
    case "settings":
      return <SettingsPanel />;
    case "help":
      return <HelpSheet />;
    case "":
      return null;
  }
}

function Idle({ contact }: { contact: Contact | null }): JSX.Element {
  const words = contact?.phase === "wrap_up" ? t("bar.wrap_up") : contact === null ? t("bar.idle") : t("bar.preparing");
  const ready = desk.value.agent !== null;
  return (
    <>
      <p class="bar-words calm" data-testid="bar-idle">
        {words}
      </p>
      {ready && (
        <div class="bar-actions end">
          <Action id="new-call" on={panel.value === "dial"} letter="N" icon="keys" disabled={!mayDial.value} onClick={() => toggle("dial")}>
            {line("line.dial")}
          </Action>
          <Action id="settings" on={panel.value === "settings"} letter="S" icon="headset" onClick={() => toggle("settings")}>
            {line("line.settings")}
          </Action>
          <Action id="help" on={panel.value === "help"} letter="?" icon="help" onClick={() => toggle("help")}>
            {line("line.help")}
          </Action>
        </div>
      )}
    </>
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
        {answersAt.value !== null && (
          <span class="sub" data-testid="auto-soon">
            {line("line.auto.soon")}
          </span>
        )}
        {answersAt.value === null && contact.queued_at !== null && (
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
  const cut = link.value !== "open";
  const visiting = guest.value;
  const asleep = contact.phase === "connecting" || cut || consulted.value;
  return (
    <>
      <div class={`bar-words phase-${contact.phase}`}>
        <strong class="figures timer" data-testid="timer">
          {contact.answered_at === null ? "0:00" : length(now() - contact.answered_at)}
        </strong>
        <span data-testid="phase">{t(`bar.${contact.phase}` as "bar.connected")}</span>
        {desk.value.recording !== "off" && (
          <span class={`rec-line rec-${desk.value.recording}`} role="status" data-testid="recording-line">
            {line(`line.record.${desk.value.recording}`)}
          </span>
        )}
      </div>
      <div class="bar-actions start">
        <Action id="mute" on={muted} letter="M" icon={muted ? "mute" : "mic"} onClick={() => phone.mute(!muted)}>
          {t(muted ? "bar.unmute" : "bar.mute")}
        </Action>
        {!visiting && (
          <Action id="hold" on={held} letter="H" icon="hold" disabled={asleep} onClick={() => void hold()}>
            {t(held ? "bar.resume" : "bar.hold")}
          </Action>
        )}
        <Action id="keys" on={panel.value === "keys"} letter="D" icon="keys" onClick={() => toggle("keys")}>
          {t("bar.keys")}
        </Action>
        {!visiting && (
          <Action id="transfer" on={panel.value === "transfer"} letter="T" icon="transfer" disabled={asleep} onClick={() => toggle("transfer")}>
            {line("line.transfer")}
          </Action>
        )}
        {!visiting && (
          <>
            <Action id="park" wide on={false} letter="P" icon="park" disabled={asleep} onClick={() => void park()}>
              {line("line.park")}
            </Action>
            <Record wide cut={cut || contact.phase === "connecting"} />
          </>
        )}
        <Action id="more" narrow on={panel.value === "more"} icon="more" onClick={() => toggle("more")}>
          {line("line.more")}
        </Action>
      </div>
      <Quality />
      <button type="button" class="hangup" disabled={cut} data-testid="hang-up" onClick={() => void hangUp()}>
        <Icon name="hangup" /> <span>{visiting ? line("line.guest.leave") : t("bar.hangup")}</span>
      </button>
    </>
  );
}

/** Record, and beside it the end of the recording; what runs is said by the shape and the word. */
function Record({ cut, wide = false }: { cut: boolean; wide?: boolean }): JSX.Element {
  const state = desk.value.recording;
  const words = { off: "line.record", on: "line.record.pause", paused: "line.record.resume" } as const;
  const spread = wide ? " wide-only" : "";
  return (
    <span class={`recording rec-${state}${spread}`} data-testid="recording" data-state={state}>
      <Action id="record" on={state === "on"} letter="R" icon="record" disabled={cut} onClick={() => void record()}>
        {line(words[state])}
      </Action>
      {state !== "off" && (
        <button type="button" class="square" disabled={cut} title={line("line.record.stop")} aria-label={line("line.record.stop")} data-testid="record-stop" onClick={() => void stopRecording()}>
          <Icon name="stop" />
        </button>
      )}
    </span>
  );
}

/** What finds no room in a narrow bar. */
function More(): JSX.Element {
  const contact = desk.value.contact;
  const cut = link.value !== "open" || contact?.phase === "connecting";
  return (
    <Panel title={line("line.more")} name="more">
      <div class="line-stack more">
        {!guest.value && (
          <>
            <button type="button" disabled={cut || consulted.value} onClick={() => void park()}>
              <Icon name="park" /> {line("line.park")}
            </button>
            <Record cut={cut} />
          </>
        )}
        <button type="button" onClick={() => toggle("quality")}>
          <Icon name="signal" /> {line("line.quality.title")}
        </button>
        <button type="button" onClick={() => toggle("settings")}>
          <Icon name="headset" /> {line("line.settings")}
        </button>
      </div>
    </Panel>
  );
}

interface ActionProps {
  id: string;
  on: boolean;
  letter?: string;
  icon: IconName;
  disabled?: boolean;
  /** Only where there is room for it, or only where there is none for all. */
  wide?: boolean;
  narrow?: boolean;
  onClick(): void;
  children: ComponentChildren;
}

function Action({ id, on, letter, icon, disabled = false, wide = false, narrow = false, onClick, children }: ActionProps): JSX.Element {
  const key = letters.value ? letter : undefined;
  return (
    <button
      type="button"
      class={`action${on ? " on" : ""}${wide ? " wide-only" : ""}${narrow ? " narrow-only" : ""}`}
      aria-pressed={on}
      aria-keyshortcuts={key}
      disabled={disabled}
      data-testid={id}
      onClick={onClick}
    >
      <Icon name={icon} /> <span>{children}</span> {key !== undefined && <kbd>{key}</kbd>}
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
    <button
      type="button"
      class={`plain quality ${kind}`}
      aria-expanded={panel.value === "quality"}
      data-testid="quality"
      data-media={media}
      data-grade={grade}
      onClick={() => toggle("quality")}
    >
      <span class={`shape ${kind}`} aria-hidden="true" /> {t("quality.label")}: {words}
    </button>
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
