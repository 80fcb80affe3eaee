import { signal, useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useEffect } from "preact/hooks";
import { languageName, length } from "../../i18n";
import { ask, type Library, type Prompt, type Recording } from "../api";
import { Dialog } from "../Dialog";
import { Listen } from "../flow/Problems";
import { go, href, route } from "../route";
import { complain, mayWrite, onNews } from "../store";
import { t } from "../words";
import { PromptDetail } from "./PromptDetail";

export const library = signal<Library | null>(null);

export async function readLibrary(): Promise<void> {
  try {
    library.value = await ask<Library>("GET", "/prompts");
  } catch (error) {
    if (library.value === null) complain(error);
  }
}

/** Put one prompt, as the server has it now, into the list. */
export function keepPrompt(prompt: Prompt): void {
  const found = library.value;
  if (found === null) return;
  const known = found.prompts.some((one) => one.name === prompt.name);
  const prompts = known ? found.prompts.map((one) => (one.name === prompt.name ? prompt : one)) : [...found.prompts, prompt];
  library.value = { ...found, prompts: prompts.sort((one, other) => one.name.localeCompare(other.name)) };
}

type Show = "all" | "missing" | "outdated" | "unused";

/** What a filter shows of a library. */
export function chosen(prompts: readonly Prompt[], show: Show, search: string): Prompt[] {
  const words = search.trim().toLowerCase();
  return prompts.filter((prompt) => {
    if (show === "missing" && prompt.missing.length === 0) return false;
    if (show === "outdated" && !Object.values(prompt.recordings).some((one) => one.outdated)) return false;
    if (show === "unused" && prompt.used_by.length > 0) return false;
    if (words === "") return true;
    return prompt.name.toLowerCase().includes(words) || Object.values(prompt.texts).some((text) => text.toLowerCase().includes(words));
  });
}

export function PromptsPage(): JSX.Element {
  const name = route.value.rest.join("/");
  const show = useSignal<Show>("all");
  const search = useSignal("");
  const making = useSignal(false);
  useEffect(() => {
    void readLibrary();
    return onNews((type) => (type === "open" || type === "prompt" || type === "published") && void readLibrary());
  }, []);
  const found = library.value;
  const shown = chosen(found?.prompts ?? [], show.value, search.value);
  return (
    <main class={name === "" ? "prompts" : "prompts with-detail"}>
      <div class="page" data-testid="prompts">
        <header class="page-head">
          <h1>{t("nav.prompts")}</h1>
          <input class="search" type="search" value={search.value} placeholder={t("prompts.search")} aria-label={t("prompts.search")} onInput={(event) => (search.value = event.currentTarget.value)} data-testid="prompts-search" />
          <select value={show.value} aria-label={t("prompts.show")} onChange={(event) => (show.value = event.currentTarget.value as Show)} data-testid="prompts-show">
            {(["all", "missing", "outdated", "unused"] as const).map((one) => (
              <option key={one} value={one}>{t(`prompts.show.${one}`)}</option>
            ))}
          </select>
          <span class="spread" />
          {mayWrite() && found?.writable === true && (
            <button type="button" onClick={() => (making.value = true)} data-testid="prompt-new">+ {t("prompts.new")}</button>
          )}
        </header>
        {found === null && <p class="calm" role="status">{t("admin.loading")}</p>}
        {found !== null && !found.writable && <p class="hint">{t("prompts.read_only")}</p>}
        {found !== null && shown.length === 0 && <p class="calm empty">{t("prompts.none")}</p>}
        {found !== null && shown.length > 0 && <Table prompts={shown} languages={found.languages} chosenName={name} />}
        {making.value && <NewPrompt close={() => (making.value = false)} />}
      </div>
      {name !== "" && <PromptDetail key={name} name={name} />}
    </main>
  );
}

function NewPrompt({ close }: { close(): void }): JSX.Element {
  const submit = (event: TargetedEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name"));
    close();
    go("prompts", name.split("/"));
  };
  return (
    <Dialog id="new-prompt" title={t("prompts.new")} close={close}>
      <form onSubmit={submit}>
        <label class="field">
          <span>{t("flows.name")}</span>
          <input name="name" required pattern="[A-Za-z][A-Za-z0-9_.\-]{0,63}" autocapitalize="none" autofocus data-testid="new-prompt-name" />
          <small class="calm">{t("prompts.new.hint")}</small>
        </label>
        <footer>
          <button type="submit" class="primary">{t("prompts.go_on")}</button>
          <button type="button" onClick={close}>{t("admin.cancel")}</button>
        </footer>
      </form>
    </Dialog>
  );
}

function Table({ prompts, languages, chosenName }: { prompts: readonly Prompt[]; languages: readonly string[]; chosenName: string }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("nav.prompts")}>
      <table class="list" data-testid="prompt-list">
        <thead>
          <tr>
            <th scope="col">{t("prompts.name")}</th>
            {languages.map((code) => (
              <th key={code} scope="col">{languageName(code)}</th>
            ))}
            <th scope="col">{t("prompts.used")}</th>
          </tr>
        </thead>
        <tbody>
          {prompts.map((prompt) => (
            <tr key={prompt.name} class={prompt.name === chosenName ? "chosen" : ""} data-testid={`prompt-${prompt.name}`}>
              <th scope="row">
                <a href={href("prompts", prompt.name.split("/"))} aria-current={prompt.name === chosenName ? "true" : undefined}>{prompt.name}</a>
                {prompt.recordings["-"] !== undefined && <Cell name={prompt.name} language="-" recording={prompt.recordings["-"]} text="" missing={false} />}
              </th>
              {languages.map((code) => (
                <td key={code}>
                  <Cell name={prompt.name} language={code} recording={prompt.recordings[code]} text={prompt.texts[code] ?? ""} missing={prompt.missing.includes(code)} />
                </td>
              ))}
              <td class="used">{prompt.used_by.length === 0 ? <span class="calm">{t("prompts.unused")}</span> : <Used prompt={prompt} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Used({ prompt }: { prompt: Prompt }): JSX.Element {
  const first = prompt.used_by[0]!;
  return (
    <span>
      <a href={href("flows", [first.flow], { line: first.line, column: first.column })}>{first.state || first.flow}</a>
      {prompt.used_by.length > 1 && <span class="calm figures"> +{prompt.used_by.length - 1}</span>}
    </span>
  );
}

interface CellProps {
  name: string;
  language: string;
  recording: Recording | undefined;
  text: string;
  missing: boolean;
}

function Cell({ name, language, recording, text, missing }: CellProps): JSX.Element {
  return (
    <div class="cell" lang={language === "-" ? undefined : language}>
      {text !== "" && <span class="words">{text}</span>}
      <span class="facts-line">
        {recording !== undefined ? (
          <>
            <Listen language={language} name={name} query={`?v=${recording.stamp}`} />
            <span class="figures calm">{recording.seconds < 60 ? `${recording.seconds.toFixed(1)} s` : length(recording.seconds)}</span>
            <span class="figures calm">{recording.level.toFixed(0)} dB</span>
            {recording.outdated && <span class="attention"><span class="shape attention" aria-hidden="true" /> {t("prompts.outdated")}</span>}
          </>
        ) : missing ? (
          <span class="danger"><span class="shape danger" aria-hidden="true" /> {t("prompts.missing")}</span>
        ) : (
          <span class="calm">–</span>
        )}
      </span>
    </div>
  );
}
