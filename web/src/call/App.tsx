import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { length, t } from "../i18n";
import { Brand } from "../ui/Brand";
import { Icon } from "../ui/icons";
import { digitOf, KeyPad } from "../ui/KeyPad";
import { Meter } from "../ui/Meter";
import { Switches } from "../ui/Switches";
import { Captions } from "./Captions";
import { Prepare } from "./Prepare";
import { active, call, dial, hangUp, microphone, phaseWords, phone, press, pressed, tick } from "./store";

export function App(): JSX.Element {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const digit = event.repeat || !active.value ? null : digitOf(event);
      if (digit !== null) press(digit);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const { phase, captions } = call.value;
  return (
    <div class="call" data-testid="call" data-phase={phase} data-media={phone.state.value}>
      <header class="page-top">
        <Brand />
        <Switches />
      </header>
      <main class={active.value || captions.length > 0 ? "call-main with-captions" : "call-main"}>
        <div class="call-card">
          <PhaseLine />
          {active.value ? <Talk /> : <Prepare />}
          <RoundButton />
          {active.value && <Pad />}
        </div>
        {(active.value || captions.length > 0) && <Captions captions={captions} />}
      </main>
    </div>
  );
}

function PhaseLine(): JSX.Element {
  const { phase, cause, since, endedAt } = call.value;
  const ended = phase === "ended";
  const bad = ended && cause !== "" && cause !== "hung_up" && cause !== "released";
  return (
    <div class="phase">
      <h1 class={`phase-line ${bad ? "danger" : ""}`} aria-live="polite" data-testid="phase">
        {phase === "idle" ? t("call.title") : phaseWords.value}
      </h1>
      <p class="sub" aria-live="polite" data-testid="phase-detail" data-cause={cause}>
        {phase === "idle" && t("call.intro")}
        {phase === "microphone" && t("mic.asking")}
        {ended && causeWords(cause)}
        {ended && since !== null && endedAt !== null && ` ${t("call.duration", { time: length((endedAt - since) / 1000) })}`}
        {active.value && phone.state.value === "lost" && t("call.media.lost")}
      </p>
    </div>
  );
}

function causeWords(cause: string): string {
  switch (cause) {
    case "hung_up":
    case "released":
    case "busy":
    case "declined":
    case "no_answer":
    case "unreachable":
    case "media_lost":
    case "failed":
    case "shutdown":
    case "socket_lost":
    case "cancelled":
    case "microphone":
      return t(`call.cause.${cause}`);
    default:
      return cause === "" ? "" : t("call.cause.released");
  }
}

function Timer(): JSX.Element {
  void tick.value;
  const since = call.value.since;
  return (
    <time class="figures timer" data-testid="timer">
      {since === null ? "0:00" : length((Date.now() - since) / 1000)}
    </time>
  );
}

function Talk(): JSX.Element {
  const muted = phone.muted.value;
  return (
    <div class="talk">
      <Timer />
      <div class="talk-level">
        <Meter stream={muted ? null : microphone.stream.value} />
        <span class="hint">{muted ? t("call.muted") : t("mic.level")}</span>
      </div>
      <button
        type="button"
        class={muted ? "action on" : "action"}
        aria-pressed={muted}
        data-testid="mute"
        onClick={() => phone.mute(!muted)}
      >
        <Icon name={muted ? "mute" : "mic"} /> {t(muted ? "call.unmute" : "call.mute")}
      </button>
      {phone.blocked.value && (
        <button type="button" class="primary" onClick={() => phone.unblock()}>
          {t("sound.play")}
        </button>
      )}
    </div>
  );
}

function RoundButton(): JSX.Element {
  const { phase } = call.value;
  if (active.value) {
    return (
      <button type="button" class="round hangup" data-testid="hang-up" onClick={hangUp}>
        <Icon name="hangup" size={32} />
        <span>{t("call.hangup")}</span>
      </button>
    );
  }
  return (
    <button
      type="button"
      class="round dial"
      disabled={phase === "microphone"}
      data-testid="dial"
      onClick={() => void dial()}
    >
      <Icon name="phone" size={32} />
      <span>{t(phase === "ended" ? "call.again" : "call.start")}</span>
    </button>
  );
}

function Pad(): JSX.Element {
  return (
    <div class="call-pad">
      <output class="figures pressed" data-testid="pressed">
        {pressed.value === "" ? <span class="hint">{t("call.keyboard")}</span> : pressed.value}
      </output>
      <KeyPad onPress={press} />
    </div>
  );
}
