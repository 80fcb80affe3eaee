import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import type { Contact } from "./model";
import { Composed } from "./modules";
import { isTyping } from "../ui/KeyPad";
import { scene } from "./side/store";
import { Trouble } from "./side/Trouble";
import { s, told } from "./side/words";

/** What the agent looks up, has done, writes and decides. In the wrap-up note and outcome come first. */
export function Do({ contact }: { contact: Contact }): JSX.Element {
  const wrapping = contact.phase === "wrap_up";
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const at = document.activeElement;
    if (wrapping && !(isTyping(at) && box.current?.contains(at))) box.current?.scrollTo(0, 0); // note and outcome are up there
  }, [wrapping]);
  const names = scene.value.do;
  const name = told(scene.value.title);
  const first = wrapping && names.includes("wrap_up") ? ["wrap_up", ...names.filter((name) => name !== "wrap_up")] : names;
  return (
    <section class="panel do" aria-label={t("panel.do")} data-panel="do" data-scene={scene.value.name} data-testid="do">
      <h2>
        {t("panel.do")} {name !== "" && <span class="scene-name">{s("side.scene", { name })}</span>}
      </h2>
      <div class="scroll" ref={box}>
        {wrapping && <p class="wrap-line">{t("do.wrap")}</p>}
        <Trouble />
        <Composed names={first} contact={contact} />
      </div>
    </section>
  );
}
