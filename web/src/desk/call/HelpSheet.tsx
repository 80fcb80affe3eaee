import type { JSX } from "preact";
import { KEYS, type Group } from "./keys";
import { Panel } from "./Panel";
import { letters } from "./preferences";
import { t, type LineKey } from "./words";

const GROUPS: readonly Group[] = ["call", "consult", "idle", "any"];

/** Every key and what it does. */
export function HelpSheet(): JSX.Element {
  return (
    <Panel title={t("line.help")} name="help" wide>
      {!letters.value && <p class="hint waiting">{t("line.help.off")}</p>}
      <div class="line-sheet">
        <Keys words={t("line.help.ring")} keys={[["Enter", "line.key.accept"], ["Esc", "line.key.decline"]]} />
        {GROUPS.map((group) => (
          <Keys
            key={group}
            words={t(`line.help.${group}`)}
            keys={[
              ...KEYS.filter((one) => one.group === group).map((one): [string, LineKey] => [one.key.toUpperCase(), one.words]),
              ...(group === "any" ? [["Esc", "line.key.close"] as [string, LineKey]] : []),
            ]}
          />
        ))}
      </div>
    </Panel>
  );
}

function Keys({ words, keys }: { words: string; keys: [string, LineKey][] }): JSX.Element {
  return (
    <section>
      <h3>{words}</h3>
      <ul>
        {keys.map(([key, does]) => (
          <li key={key}>
            <kbd>{key}</kbd> <span>{t(does)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
