import type { JSX } from "preact";
import { chosen } from "../chosen";
import type { Contact } from "../model";
import { desk } from "../store";
import { s } from "./words";

/** Why this agent was chosen: what the contact asked for, and how far the agent has it. */
export function Why({ contact }: { contact: Contact }): JSX.Element | null {
  const needs = Object.entries(contact.needs);
  if (contact.why === "" && needs.length === 0) return null;
  const skills = desk.value.agent?.skills ?? {};
  return (
    <section class="side-part why-you" data-testid="why-you">
      <h3>{s("side.why")}</h3>
      {contact.why !== "" && <p>{chosen(contact.why)}</p>}
      <p class="sub">
        {s("side.why.needs")}{" "}
        {needs.length === 0
          ? s("side.why.any")
          : needs.map(([skill, level]) => (
              <span key={skill} class="chip need">
                <span>{skill}</span> {level}
                {skills[skill] !== undefined && ` · ${s("side.why.yours", { n: skills[skill] })}`}
              </span>
            ))}
      </p>
    </section>
  );
}
