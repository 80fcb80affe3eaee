import type { JSX } from "preact";
import { book, marked, put, scene } from "./store";
import { s, told } from "./words";

/** The steps of the procedure that the scene is for. */
export function Procedure(): JSX.Element | null {
  const procedure = book.value.procedures.find((one) => one.name === scene.value.procedure);
  if (procedure === undefined || procedure.steps.length === 0) return null;
  const name = (step: string): string => `${procedure.name}.${step}`;
  const done = procedure.steps.filter((step) => marked("step", name(step.name)) !== "").length;
  return (
    <section class="side-part" data-testid="procedure" data-name={procedure.name}>
      <h3>
        {told(procedure.title)} <span class="figures progress">{s("side.progress", { done, all: procedure.steps.length })}</span>
      </h3>
      <ol class="ticks">
        {procedure.steps.map((step) => {
          const ticked = marked("step", name(step.name)) !== "";
          return (
            <li key={step.name} class={ticked ? "tick done" : "tick"}>
              <label>
                <input
                  type="checkbox"
                  class="tick-box"
                  checked={ticked}
                  data-testid={`step-${step.name}`}
                  onChange={(event) => void put({ kind: "step", name: name(step.name), value: event.currentTarget.checked ? "done" : "" })}
                />
                <span>{told(step.text)}</span>
              </label>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
