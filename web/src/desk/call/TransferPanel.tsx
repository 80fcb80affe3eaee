import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t as base, type Key } from "../../i18n";
import { desk } from "../store";
import { busy, consult, fault, look, transfer } from "./actions";
import { answers, NOBODY, targetsOf, type Target } from "./line";
import { Panel } from "./Panel";
import { t } from "./words";

const SEARCH_MS = 150;

const typed = signal("");
const picked = signal(0);
const targets = computed(() => targetsOf(desk.value.directory ?? NOBODY, typed.value, desk.value.agent?.id ?? ""));
const chosen = computed<Target | null>(() => targets.value[Math.min(picked.value, targets.value.length - 1)] ?? null);

/** Whom the call goes to: typed, found, and then asked first or sent at once. */
export function TransferPanel(): JSX.Element {
  useEffect(() => {
    typed.value = "";
    picked.value = 0;
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => void look(typed.value), typed.value === "" ? 0 : SEARCH_MS);
    return () => clearTimeout(timer);
  }, [typed.value]);
  const one = chosen.value;
  return (
    <Panel title={t("line.transfer.title")} name="transfer" wide>
      <input
        type="text"
        data-first
        role="combobox"
        aria-label={t("line.transfer.search")}
        placeholder={t("line.transfer.search")}
        aria-controls="line-targets"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-activedescendant={one === null ? undefined : `target-${targets.value.indexOf(one)}`}
        autocomplete="off"
        value={typed.value}
        data-testid="transfer-search"
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          picked.value = 0;
        }}
        onKeyDown={onKey}
      />
      <Targets />
      <p class="hint" data-testid="transfer-hint">{hint(one)}</p>
      <p class="danger" role="alert" data-testid="transfer-fault">{fault.value}</p>
      <div class="line-row end">
        <button type="button" disabled={one === null || busy.value} data-testid="transfer-now" onClick={() => one !== null && void transfer(one.to, one.name)}>
          {t("line.transfer.now")} <kbd>⇧Enter</kbd>
        </button>
        <button type="button" class="primary" disabled={one === null || !one.canConsult || busy.value} data-testid="transfer-ask" onClick={() => one !== null && void consult(one.to, one.name)}>
          {busy.value ? t("line.calling") : t("line.transfer.ask")} <kbd>Enter</kbd>
        </button>
      </div>
    </Panel>
  );
}

function Targets(): JSX.Element {
  const list = targets.value;
  if (list.length === 0) {
    return (
      <p class="line-none" id="line-targets" data-testid="targets-none">
        {answers(desk.value.directory, typed.value) ? t("line.transfer.none") : t("line.transfer.looking")}
      </p>
    );
  }
  return (
    <ul class="targets" id="line-targets" role="listbox" aria-label={t("line.transfer.list")} data-testid="targets">
      {list.map((one, n) => (
        <Row key={one.to} target={one} n={n} first={list[n - 1]?.kind !== one.kind} />
      ))}
    </ul>
  );
}

function Row({ target, n, first }: { target: Target; n: number; first: boolean }): JSX.Element {
  const on = chosen.value === target;
  return (
    <li
      id={`target-${n}`}
      class={on ? "target on" : "target"}
      role="option"
      aria-selected={on}
      data-testid={`target-${target.to}`}
      ref={(item) => {
        if (on) item?.scrollIntoView?.({ block: "nearest" });
      }}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => (picked.value = n)}
      onDblClick={() => act(target, false)}
    >
      <span class="kind">{first ? t(`line.kind.${target.kind}`) : ""}</span>
      <span class="target-name">{target.name}</span>
      <span class="sub">{detail(target)}</span>
    </li>
  );
}

function detail({ kind, state, team, waiting }: Target): JSX.Element | string {
  if (kind === "queue") return waiting === null ? "" : t("line.waiting", { n: waiting });
  if (kind !== "agent" || state === "") return "";
  return (
    <>
      {team !== "" && <span class="team">{team}</span>}
      <span class={`shape ${SHAPES[state] ?? ""}`} aria-hidden="true" /> {base(`state.${state}` as Key)}
    </>
  );
}

const SHAPES: Record<string, string> = { available: "good", in_call: "danger", reserved: "danger", wrap_up: "waiting", break: "waiting" };

function hint(one: Target | null): string {
  if (one === null) return t("line.transfer.hint.pick");
  return t(one.kind === "agent" && !one.canConsult ? "line.transfer.hint.busy" : `line.transfer.hint.${one.kind}`);
}

/** The way that is best for this one: ask first where that can be. Sending at once is never by accident. */
function act(one: Target, now: boolean): void {
  if (busy.value) return;
  if (now) void transfer(one.to, one.name);
  else if (one.canConsult) void consult(one.to, one.name);
}

function onKey(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
  if (step !== 0) {
    picked.value = Math.max(0, Math.min(targets.value.length - 1, picked.value + step));
  } else if (event.key === "Enter" && !event.isComposing && chosen.value !== null) {
    act(chosen.value, event.shiftKey);
  } else {
    return;
  }
  event.preventDefault();
}
