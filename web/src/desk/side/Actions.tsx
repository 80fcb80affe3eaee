import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { clock } from "../../i18n";
import type { Contact } from "../model";
import { beginning, filledIn, missing, type Action, type Field, type Run } from "./book";
import { act, again, book, opened, roles, runs, scene } from "./store";
import { s, told } from "./words";

/** What is done with one click: the scene's actions as buttons, their form, and what came of each. */
export function Actions({ contact }: { contact: Contact }): JSX.Element | null {
  const named = scene.value.actions.includes(opened.value) || opened.value === "" ? scene.value.actions : [...scene.value.actions, opened.value];
  const actions = named.flatMap((name) => book.value.actions.find((one) => one.name === name) ?? []);
  const open = actions.find((one) => one.name === opened.value);
  if (actions.length === 0 && runs.value.length === 0) return null;
  return (
    <section class="side-part actions" data-testid="actions">
      <h3>{s("side.actions")}</h3>
      <div class="buttons">
        {actions.map((action) => {
          const may = action.roles.length === 0 || action.roles.some((role) => roles.value.includes(role));
          return (
            <button
              key={action.name}
              type="button"
              disabled={!may}
              title={may ? undefined : s("side.actions.needs", { roles: action.roles.join(", ") })}
              aria-expanded={opened.value === action.name}
              data-testid={`action-${action.name}`}
              onClick={() => (opened.value = opened.value === action.name ? "" : action.name)}
            >
              {told(action.title)}
            </button>
          );
        })}
      </div>
      {open !== undefined && <Form key={`${contact.id} ${open.name}`} action={open} contact={contact} />}
      <div role="status" aria-live="polite">
        <ul class="runs" data-testid="runs">
          {runs.value.toReversed().map((run) => (
            <Row key={run.id} run={run} />
          ))}
        </ul>
      </div>
    </section>
  );
}

function Form({ action, contact }: { action: Action; contact: Contact }): JSX.Element {
  const values = useSignal<Record<string, string>>(Object.fromEntries(action.fields.map((field) => [field.name, beginning(field, contact)])));
  const tried = useSignal(false);
  const sending = useSignal(false);
  const box = useRef<HTMLFormElement>(null);
  useEffect(() => box.current?.querySelector<HTMLElement>("input,select,button")?.focus(), []);
  const wrong = missing(action, values.value);
  const question = filledIn(told(action.confirm), values.value);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    tried.value = true;
    if (Object.keys(missing(action, values.value)).length > 0 || sending.value) return;
    sending.value = true;
    const fields = Object.fromEntries(action.fields.map((one) => [one.name, one.type === "flag" ? values.value[one.name] === "true" : values.value[one.name]]));
    if (await act(action.name, fields)) opened.value = "";
    sending.value = false;
  };
  return (
    <form
      ref={box}
      class="action-form"
      noValidate
      data-testid="action-form"
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        opened.value = "";
      }}
    >
      {action.fields.map((field) => (
        <Input
          key={field.name}
          field={field}
          value={values.value[field.name] ?? ""}
          wrong={tried.value ? wrong[field.name] : undefined}
          change={(value) => (values.value = { ...values.value, [field.name]: value })}
        />
      ))}
      {question !== "" && Object.keys(wrong).length === 0 && <p class="question">{question}</p>}
      <div class="buttons">
        <button type="submit" class="primary" disabled={sending.value} data-testid="action-send">
          {s(question === "" ? "side.actions.send" : "side.actions.sure")}
        </button>
        <button type="button" onClick={() => (opened.value = "")}>
          {s("side.actions.cancel")}
        </button>
      </div>
    </form>
  );
}

interface InputProps {
  field: Field;
  value: string;
  wrong: "empty" | "number" | "least" | "most" | undefined;
  change: (value: string) => void;
}

function Input({ field, value, wrong, change }: InputProps): JSX.Element {
  const id = `action-field-${field.name}`;
  const words = wrong && s(`side.missing.${wrong}`, { n: (wrong === "least" ? field.least : field.most) ?? 0 });
  const common = { id, "data-testid": id, "aria-invalid": wrong !== undefined, "aria-describedby": wrong && `${id}-wrong` };
  if (field.type === "flag") {
    return (
      <label class="choice">
        <input type="checkbox" {...common} checked={value === "true"} onChange={(event) => change(String(event.currentTarget.checked))} />
        <span>{told(field.title)}</span>
      </label>
    );
  }
  return (
    <label class="field" for={id}>
      <span>
        {told(field.title)} {!field.required && <small class="sub">{s("side.actions.optional")}</small>}
      </span>
      {field.type === "choice" ? (
        <select {...common} value={value} onChange={(event) => change(event.currentTarget.value)}>
          <option value="">{s("side.actions.choose")}</option>
          {Object.entries(field.choices).map(([name, title]) => (
            <option key={name} value={name}>
              {told(title)}
            </option>
          ))}
        </select>
      ) : field.type === "date" ? (
        <input {...common} type="date" value={value} onInput={(event) => change(event.currentTarget.value)} />
      ) : (
        <input
          {...common}
          type="text"
          inputMode={field.type === "number" ? "decimal" : "text"}
          maxLength={500}
          autocomplete="off"
          value={value}
          onInput={(event) => change(event.currentTarget.value)}
        />
      )}
      {words && (
        <small id={`${id}-wrong`} class="wrong">
          {words}
        </small>
      )}
    </label>
  );
}

const SHAPES = { waiting: "waiting", done: "good", refused: "attention", failed: "danger" } as const;

function Row({ run }: { run: Run }): JSX.Element {
  const action = book.value.actions.find((one) => one.name === run.action);
  const message = told(run.answer.message);
  const data = Object.values(run.answer.data ?? {}).map(String);
  const state = run.status === "waiting" && run.reason !== "" ? "retrying" : run.status;
  return (
    <li class="run" data-testid="run" data-action={run.action} data-status={run.status}>
      <span class={`shape ${SHAPES[run.status]}`} aria-hidden="true" />
      <span>
        <strong>{action === undefined ? run.action : told(action.title)}</strong>{" "}
        <span class={`run-state ${SHAPES[run.status]}`}>{s(`side.run.${state}`, { n: run.attempts })}</span>
        {message !== "" && <span> {message}</span>}
        {data.length > 0 && <span class="figures sub"> {data.join(" · ")}</span>}
        {message === "" && run.reason !== "" && run.status !== "waiting" && <span class="sub"> {run.reason}</span>}
      </span>
      <time class="figures sub">{clock(run.created_at)}</time>
      {run.status === "failed" && (
        <button type="button" class="small" data-testid="run-again" onClick={() => void again(run)}>
          {s("side.actions.again")}
        </button>
      )}
    </li>
  );
}
