import type { JSX } from "preact";
import { clock } from "../../i18n";
import type { Contact } from "../model";
import { now } from "../store";
import { saidAt, type Line } from "./book";
import { book, marked, marks, put, scene } from "./store";
import { s, told } from "./words";

/** What must be said in this call: ticked by itself when it is heard, by hand where it is not. */
export function Lines({ contact }: { contact: Contact }): JSX.Element | null {
  const lines = scene.value.lines.flatMap((name) => book.value.lines.find((one) => one.name === name) ?? []);
  if (lines.length === 0) return null;
  return (
    <section class="side-part" data-testid="lines">
      <h3>{s("side.lines")}</h3>
      <ul class="ticks">
        {lines.map((line) => (
          <Row key={line.name} line={line} contact={contact} />
        ))}
      </ul>
    </section>
  );
}

function Row({ line, contact }: { line: Line; contact: Contact }): JSX.Element {
  const done = marked("line", line.name) === "said";
  const at = saidAt(line, contact.turns) ?? marks.value.find((one) => one.kind === "line" && one.name === line.name)?.at;
  const talking = contact.answered_at !== null && contact.phase !== "wrap_up";
  const late = !done && line.within > 0 && talking && now() - (contact.answered_at ?? 0) > line.within;
  const state = done ? "said" : late ? "overdue" : "open";
  return (
    <li class={`tick ${state}`} data-testid={`line-${line.name}`} data-state={state}>
      <label>
        <input
          type="checkbox"
          class="tick-box"
          checked={done}
          onChange={(event) => void put({ kind: "line", name: line.name, value: event.currentTarget.checked ? "said" : "" })}
        />
        <span>
          <span lang={contact.language || undefined}>{told(line.text, contact.language)}</span>{" "}
          <small class={`tick-state ${state}`}>
            {done ? (at ? s("side.line.at", { time: clock(at) }) : s("side.line.said")) : s(late ? "side.line.overdue" : "side.line.open")}
          </small>
        </span>
      </label>
    </li>
  );
}
