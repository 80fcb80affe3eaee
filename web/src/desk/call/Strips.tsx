import type { ComponentChildren, JSX } from "preact";
import { callerName, desk, link } from "../store";
import { back, complete, consulting, dial, forgetConsult, forgetDialled, joinAll, monitor, reasonOf, swap } from "./actions";
import { letters } from "./preferences";
import { t } from "./words";

/** Lines that stand right above the bar while something else than a plain talk goes on. */
export function Strips(): JSX.Element {
  return (
    <div class="strips">
      <ConsultStrip />
      <GuestStrip />
      <DialStrip />
      <MonitorStrip />
    </div>
  );
}

interface StripProps {
  id: string;
  state: string;
  kind: string;
  label: string;
  words: string;
  children?: ComponentChildren;
}

function Strip({ id, state, kind, label, words, children }: StripProps): JSX.Element {
  return (
    <section class={`strip ${kind}`} aria-label={label} data-testid={`strip-${id}`} data-state={state}>
      <p role="status">
        <span class={`shape ${kind}`} aria-hidden="true" /> {words}
      </p>
      <div class="line-row">{children}</div>
    </section>
  );
}

interface ButtonProps {
  id: string;
  letter?: string;
  primary?: boolean;
  onClick(): unknown;
  children: ComponentChildren;
}

function Button({ id, letter, primary = false, onClick, children }: ButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class={primary ? "primary" : ""}
      disabled={link.value !== "open"}
      aria-keyshortcuts={letter !== undefined && letters.value ? letter : undefined}
      data-testid={id}
      onClick={() => void onClick()}
    >
      {children}
      {letter !== undefined && letters.value && (
        <>
          {" "}
          <kbd>{letter}</kbd>
        </>
      )}
    </button>
  );
}

function ConsultStrip(): JSX.Element | null {
  const third = desk.value.consult;
  if (third === null || desk.value.contact?.consult !== undefined) return null;
  const name = third.name || consulting.value || t("line.consult.somebody");
  const words = t(`line.consult.${third.state}`, { name, reason: reasonOf(third.reason) });
  const shared = { id: "consult", state: third.state, label: t("line.consult.label"), words };
  if (third.state === "failed") {
    return (
      <Strip {...shared} kind="attention">
        <Button id="consult-read" onClick={forgetConsult}>
          {t("line.close")}
        </Button>
      </Strip>
    );
  }
  if (third.state === "calling") {
    return (
      <Strip {...shared} kind="waiting">
        <Button id="consult-back" letter="B" onClick={back}>
          {t("line.cancel")}
        </Button>
      </Strip>
    );
  }
  if (third.state === "away") {
    return (
      <Strip {...shared} kind="waiting">
        <Button id="consult-back" letter="B" onClick={back}>
          {t("line.consult.back", { name })}
        </Button>
      </Strip>
    );
  }
  const all = third.state === "three_way";
  return (
    <Strip {...shared} kind="good">
      {!all && (
        <Button id="consult-toggle" letter="X" onClick={swap}>
          {t(third.state === "consult" ? "line.consult.toggle.caller" : "line.consult.toggle", { name })}
        </Button>
      )}
      {!all && (
        <Button id="consult-join" letter="J" onClick={joinAll}>
          {t("line.consult.join")}
        </Button>
      )}
      <Button id="consult-back" letter="B" onClick={back}>
        {t("line.consult.back", { name })}
      </Button>
      <Button id="consult-complete" letter="C" primary onClick={complete}>
        {t(all ? "line.consult.leave" : "line.consult.complete")}
      </Button>
    </Strip>
  );
}

/** This agent was asked by a colleague. */
function GuestStrip(): JSX.Element | null {
  const contact = desk.value.contact;
  const asking = contact?.consult;
  if (asking === undefined || contact?.phase === "wrap_up") return null;
  const words = contact?.phase === "offered" ? t("line.guest.ring", { name: asking.name, caller: callerName.value }) : t("line.guest", { name: asking.name });
  return <Strip id="guest" state={asking.state} kind="waiting" label={t("line.consult.label")} words={words} />;
}

function DialStrip(): JSX.Element | null {
  const out = desk.value.dialled;
  if (out === null || out.state === "answered") return null;
  const label = t("line.dial");
  if (out.state !== "ended") {
    return <Strip id="dialled" state={out.state} kind="waiting" label={label} words={t(`line.dialled.${out.state}`, { to: out.to })} />;
  }
  return (
    <Strip id="dialled" state="ended" kind="attention" label={label} words={t("line.dialled.ended", { to: out.to, reason: reasonOf(out.reason) })}>
      <Button id="dial-again" onClick={() => dial(out.to)}>
        {t("line.dialled.again")}
      </Button>
      <Button id="dial-read" onClick={forgetDialled}>
        {t("line.close")}
      </Button>
    </Strip>
  );
}

/** A supervisor's own part in somebody's talk. */
function MonitorStrip(): JSX.Element | null {
  const at = desk.value.monitor;
  if (at === null) return null;
  const to = (mode: "listen" | "whisper" | "barge" | "take" | "stop") => () => monitor(at.contact_id, mode);
  return (
    <Strip id="monitor" state={at.mode} kind="waiting" label={t("line.monitor.label")} words={t(`line.monitoring.${at.mode}`)}>
      {at.mode !== "take" &&
        (["listen", "whisper", "barge", "take"] as const).map((mode) => (
          <button key={mode} type="button" aria-pressed={at.mode === mode} disabled={link.value !== "open"} data-testid={`monitor-${mode}`} onClick={() => void to(mode)()}>
            {t(`line.monitor.${mode}`)}
          </button>
        ))}
      <Button id="monitor-stop" primary onClick={to("stop")}>
        {t("line.monitor.stop")}
      </Button>
    </Strip>
  );
}
