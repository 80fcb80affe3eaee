import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Icon } from "../../ui/icons";
import { ask, type Part } from "../api";
import { t } from "../words";
import type { Form } from "./Field";
import { withValue, type Plain } from "./model";

/** Skills against agents: a number from 1 to 10, or nothing. */
export function SkillTable({ form }: { form: Form }): JSX.Element {
  const people = useSignal<{ id: string; name: string }[]>([]);
  const adding = useSignal("");
  useEffect(() => {
    ask<Part>("GET", "/configuration/agents")
      .then((part) => (people.value = (part.value as { id: string; name?: string }[]).map((one) => ({ id: one.id, name: one.name || one.id }))))
      .catch(() => undefined);
  }, []);
  const skills = (form.value ?? {}) as Record<string, Record<string, Plain>>;
  const known = new Map(people.value.map((one) => [one.id, one.name]));
  for (const levels of Object.values(skills)) for (const id of Object.keys(levels)) if (!known.has(id)) known.set(id, id);
  const add = (): void => {
    const name = adding.value.trim();
    if (name === "" || name in skills) return;
    form.set(withValue(form.value, [name], {}));
    adding.value = "";
  };
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("part.skills")}>
        <table class="list skills" data-testid="skills">
          <thead>
            <tr>
              <th scope="col">{t("skills.agent")}</th>
              {Object.keys(skills).map((skill) => (
                <th key={skill} scope="col">
                  {skill}
                  {!form.readOnly && (
                    <button type="button" class="plain square" aria-label={`${t("admin.remove")}: ${skill}`} onClick={() => form.set(withValue(form.value, [skill], undefined))}><Icon name="close" size={12} /></button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...known].map(([id, name]) => (
              <tr key={id}>
                <th scope="row">{name} <small class="calm">{id === name ? "" : id}</small></th>
                {Object.entries(skills).map(([skill, levels]) => {
                  const problem = form.problems.find((one) => one.path?.join("/") === `${skill}/${id}`);
                  return (
                    <td key={skill}>
                      <input
                        type="number"
                        min={1}
                        max={10}
                        value={typeof levels[id] === "number" ? levels[id] : ""}
                        disabled={form.readOnly}
                        aria-label={`${name}: ${skill}`}
                        aria-invalid={problem !== undefined}
                        title={problem?.message ?? ""}
                        onInput={(event) => form.set(withValue(form.value, [skill, id], event.currentTarget.value === "" ? undefined : Number(event.currentTarget.value)))}
                        data-testid={`skill-${skill}-${id}`}
                      />
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {Object.keys(skills).length === 0 && <p class="calm">{t("form.empty")}</p>}
      {!form.readOnly && (
        <form class="add" onSubmit={(event) => { event.preventDefault(); add(); }}>
          <input value={adding.value} placeholder={t("skills.new")} aria-label={t("skills.new")} onInput={(event) => (adding.value = event.currentTarget.value)} data-testid="add-skill-name" />
          <button type="submit" disabled={adding.value.trim() === ""} data-testid="add-skill">+ {t("form.add")}</button>
        </form>
      )}
    </>
  );
}
