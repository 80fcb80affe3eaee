import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { length, t as base, type Key } from "../../i18n";
import { KeyPad } from "../../ui/KeyPad";
import { desk, microphone, now } from "../store";
import { busy, dial, fault, look, mayDial, pickUp, redial } from "./actions";
import { NOBODY, numberOf, targetsOf, type Target } from "./line";
import { Panel } from "./Panel";
import { t } from "./words";

const SEARCH_MS = 150;
const MOST_PEOPLE = 5;
/** What kinds of trouble make a call out pointless. */
const NO_MIC = new Set(["denied", "missing", "busy", "insecure"]);

const typed = signal("");

/** A number, a colleague, one dialled before, or a parked call. */
export function DialPanel(): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    typed.value = "";
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => void look(typed.value), typed.value === "" ? 0 : SEARCH_MS);
    return () => clearTimeout(timer);
  }, [typed.value]);
  const number = numberOf(typed.value);
  const noMic = NO_MIC.has(microphone.state.value);
  const ready = mayDial.value && !noMic && !busy.value;
  return (
    <Panel title={t("line.dial.title")} name="dial" wide>
      <form
        class="line-row"
        onSubmit={(event) => {
          event.preventDefault();
          if (number !== "" && ready) void dial(number);
        }}
      >
        <input
          ref={field}
          type="text"
          inputMode="tel"
          data-first
          aria-label={t("line.dial.number")}
          placeholder={t("line.dial.number")}
          autocomplete="off"
          value={typed.value}
          data-testid="dial-number"
          onInput={(event) => (typed.value = event.currentTarget.value)}
        />
        <button type="submit" class="accept" disabled={number === "" || !ready} data-testid="dial-call">
          {busy.value ? t("line.calling") : t("line.dial.call")}
        </button>
      </form>
      <p class="danger" role="alert" data-testid="dial-fault">{fault.value}</p>
      {!mayDial.value && <p class="hint">{t("line.dial.not_now")}</p>}
      {noMic && <p class="hint danger">{t("line.dial.no_mic")}</p>}
      <div class="line-halves">
        <div>
          <KeyPad
            onPress={(digit) => {
              typed.value += digit;
              field.current?.focus();
            }}
          />
        </div>
        <div class="line-lists">
          <People ready={ready} />
          <Recent ready={ready} />
          <Slots />
        </div>
      </div>
    </Panel>
  );
}

/** Colleagues by what was typed: letters alone name somebody. */
function People({ ready }: { ready: boolean }): JSX.Element | null {
  if (typed.value.trim() === "") return null;
  const found = targetsOf(desk.value.directory ?? NOBODY, typed.value, desk.value.agent?.id ?? "").filter((one) => one.kind === "agent");
  if (found.length === 0) return null;
  return (
    <section>
      <h3>{t("line.kind.agent")}</h3>
      <ul>{found.slice(0, MOST_PEOPLE).map((one) => <Person key={one.to} one={one} ready={ready} />)}</ul>
    </section>
  );
}

function Person({ one, ready }: { one: Target; ready: boolean }): JSX.Element {
  return (
    <li>
      <button type="button" class="plain line-item" disabled={!ready} data-testid={`dial-${one.to}`} onClick={() => void dial(one.to)}>
        <span>{one.name}</span>
        <small>{one.state !== "" && base(`state.${one.state}` as Key)}</small>
      </button>
    </li>
  );
}

function Recent({ ready }: { ready: boolean }): JSX.Element {
  const recent = desk.value.directory?.recent ?? [];
  return (
    <section>
      <h3>{t("line.dial.recent")}</h3>
      {recent.length === 0 && <p class="hint">{t("line.dial.recent.none")}</p>}
      <ul data-testid="recent">
        {recent.slice(0, 6).map((number) => (
          <li key={number}>
            <button type="button" class="plain line-item figures" disabled={!ready} onClick={() => void dial(number)}>
              {number}
            </button>
          </li>
        ))}
      </ul>
      {recent.length > 0 && (
        <button type="button" disabled={!ready} data-testid="redial" onClick={() => void redial()}>
          {t("line.dial.redial")}
        </button>
      )}
    </section>
  );
}

/** Parked callers, to be picked up. */
function Slots(): JSX.Element | null {
  const { directory, agent } = desk.value;
  const taken = (directory?.slots ?? []).filter((one) => one.contact !== "");
  if ((directory?.slots ?? []).length === 0) return null;
  return (
    <section>
      <h3>{t("line.slots")}</h3>
      {taken.length === 0 && <p class="hint">{t("line.slots.none")}</p>}
      <ul data-testid="slots">
        {taken.map(({ slot, by, since }) => (
          <li key={slot} class="line-slot">
            <span>
              <b class="figures">{slot}</b>{" "}
              <small>
                {since !== null && t("line.slot.since", { time: length(now() - since), by: by === agent?.id ? t("line.slot.mine") : nameOf(by) })}
              </small>
            </span>
            <button type="button" disabled={busy.value} data-testid={`pick-up-${slot}`} onClick={() => void pickUp(slot)}>
              {t("line.pick_up")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function nameOf(id: string): string {
  return desk.value.directory?.agents.find((one) => one.id === id)?.name ?? id;
}
