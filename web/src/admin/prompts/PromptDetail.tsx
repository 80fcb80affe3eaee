import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { languageName } from "../../i18n";
import { Icon } from "../../ui/icons";
import { ApiError, ask, audioPath, promptPath, sound as fetchSound, type Prompt, type Recording } from "../api";
import { Dialog } from "../Dialog";
import { href, guard } from "../route";
import { complain, mayWrite, onNews, session, wordsOf } from "../store";
import { ago, called, moment, t } from "../words";
import { keepPrompt, library } from "./PromptsPage";
import { decode } from "./samples";
import { Recorder, soundOf, Take, type Sound } from "./Take";
import { Wave } from "./Wave";

const RATE = 16000;

/** One prompt: what it says and how it sounds, in each language. */
export function PromptDetail({ name }: { name: string }): JSX.Element {
  const prompt = useSignal<Prompt | null>(null);
  const failed = useSignal("");
  const languages = library.value?.languages ?? ["zh", "en"];
  const read = async (): Promise<void> => {
    try {
      prompt.value = await ask<Prompt>("GET", promptPath(languages[0] ?? "-", name));
      failed.value = "";
    } catch (error) {
      // A new one is made by giving it words or a recording.
      if (error instanceof ApiError && error.status === 404) prompt.value = { name, texts: {}, missing: [...languages], used_by: [], recordings: {} };
      else failed.value = wordsOf(error);
    }
  };
  useEffect(() => {
    void read();
    return onNews((type, data) => (type === "open" || (type === "prompt" && data["name"] === name)) && void read());
  }, [name]);
  const found = prompt.value;
  const changed = (next: Prompt): void => {
    prompt.value = { ...next, ...(next.history === undefined && found?.history !== undefined ? { history: found.history } : {}) };
    keepPrompt(next);
    void read();
  };
  const neutral = found !== null && found.recordings["-"] !== undefined;
  return (
    <section class="detail" aria-label={name} data-testid="prompt-detail">
      <header>
        <h1>{name}</h1>
        <a class="button square" href={href("prompts")} aria-label={t("admin.close")}><Icon name="close" /></a>
      </header>
      {failed.value !== "" && <p class="danger" role="alert">{failed.value}</p>}
      {found !== null && (
        <>
          {(neutral ? ["-"] : languages).map((code) => <Spoken key={code} prompt={found} language={code} changed={changed} />)}
          <Uses prompt={found} />
        </>
      )}
    </section>
  );
}

function Uses({ prompt }: { prompt: Prompt }): JSX.Element {
  return (
    <section class="uses">
      <h2>{t("prompts.used")}</h2>
      {prompt.used_by.length === 0 && <p class="calm">{t("prompts.unused")}</p>}
      <ul>
        {prompt.used_by.map((one, n) => (
          <li key={n}>
            <a href={href("flows", [one.flow], { line: one.line, column: one.column })}>{one.flow} · {one.state}</a> <span class="calm figures">{one.file}:{one.line}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Props {
  prompt: Prompt;
  language: string;
  changed(prompt: Prompt): void;
}

/** A prompt in one language. */
function Spoken({ prompt, language, changed }: Props): JSX.Element {
  const recording = prompt.recordings[language];
  const take = useSignal<{ blob: Blob; sound: Sound | null; source: Sound["source"] } | null>(null);
  const recording_now = useSignal(false);
  const over = useSignal(false);
  const stamp = recording?.stamp ?? "";
  const may = mayWrite() && (library.value?.writable ?? false);
  const begin = async (blob: Blob | null, source: Sound["source"]): Promise<void> => {
    recording_now.value = false;
    if (blob !== null) take.value = { blob, sound: await soundOf(blob, source), source };
  };
  useEffect(() => guard(() => take.peek() !== null), []);
  return (
    <section
      class={over.value ? "spoken over" : "spoken"}
      lang={language === "-" ? undefined : language}
      data-testid={`spoken-${language}`}
      data-stamp={stamp}
      onDragOver={(event) => {
        if (!may) return;
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => (over.value = false)}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        const file = event.dataTransfer?.files[0];
        if (may && file !== undefined) void begin(file, "upload");
      }}
    >
      <h2>
        {language === "-" ? t("prompts.any_language") : languageName(language)}
        {prompt.missing.includes(language) && recording === undefined && <span class="danger"><span class="shape danger" aria-hidden="true" /> {t("prompts.missing")}</span>}
        {recording?.outdated === true && <span class="attention"><span class="shape attention" aria-hidden="true" /> {t("prompts.outdated")}</span>}
      </h2>
      {language !== "-" && <Words prompt={prompt} language={language} stamp={stamp} may={may} changed={changed} />}
      {recording !== undefined && <Heard name={prompt.name} language={language} recording={recording} />}
      {recording === undefined && <p class="calm">{t("prompt.none")}</p>}
      {may && take.value === null && !recording_now.value && (
        <div class="row">
          <label class="button file">
            <input type="file" accept="audio/*,video/webm,.amr,.gsm,.au" class="unseen" data-testid={`upload-${language}`} onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              event.currentTarget.value = "";
              if (file !== undefined) void begin(file, "upload");
            }} />
            {t("prompt.upload")}
          </label>
          <button type="button" onClick={() => (recording_now.value = true)} data-testid={`record-${language}`}><Icon name="mic" /> {t("prompt.record")}</button>
          <Actions prompt={prompt} language={language} stamp={stamp} recording={recording} changed={changed} cut={(blob, sound) => (take.value = { blob, sound, source: "upload" })} />
        </div>
      )}
      {may && take.value === null && !recording_now.value && <p class="hint">{t("prompt.drop_here")}</p>}
      {recording_now.value && <Recorder done={(blob) => void begin(blob, "microphone")} />}
      {take.value !== null && (
        <Take name={prompt.name} language={language} stamp={stamp} {...take.value} done={(next) => {
          take.value = null;
          if (next !== null) changed(next);
        }} />
      )}
      {(prompt.history ?? []).length > 0 && may && <History prompt={prompt} language={language} stamp={stamp} changed={changed} />}
    </section>
  );
}

/** What is said; changed by leaving the field or by Ctrl-Enter. */
function Words({ prompt, language, stamp, may, changed }: Props & { stamp: string; may: boolean }): JSX.Element {
  const text = prompt.texts[language] ?? "";
  const typed = useSignal<string | null>(null);
  const voice = useSignal("");
  const busy = useSignal(false);
  const voices = (library.value?.voices ?? []).filter((one) => one.language === language);
  useEffect(() => guard(() => typed.peek() !== null), []);
  const send = async (path: string, body: Record<string, unknown>): Promise<void> => {
    busy.value = true;
    try {
      changed(await ask<Prompt>(path === "/text" ? "PUT" : "POST", promptPath(language, prompt.name, path), { stamp, ...body }));
      typed.value = null;
    } catch (error) {
      complain(error);
    }
    busy.value = false;
  };
  const current = typed.value ?? text;
  const dirty = current !== text;
  return (
    <>
      <textarea
        rows={2}
        value={current}
        readOnly={!may}
        placeholder={t("prompt.text.hint")}
        aria-label={t("prompt.text", { language: languageName(language) })}
        data-testid={`text-${language}`}
        onInput={(event) => (typed.value = event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && dirty && void send("/text", { text: current })}
      />
      {may && (
        <div class="row">
          <button type="button" disabled={!dirty || busy.value} onClick={() => void send("/text", { text: current })} data-testid={`text-save-${language}`}>{t("prompt.text.save")}</button>
          {dirty && <button type="button" class="plain" onClick={() => (typed.value = null)}>{t("admin.cancel")}</button>}
          <span class="spread" />
          {voices.length > 0 && (
            <select value={voice.value || (voices[0]?.name ?? "")} aria-label={t("prompt.voice")} onChange={(event) => (voice.value = event.currentTarget.value)} class="voice">
              {voices.map((one) => (
                <option key={one.name} value={one.name}>{one.name}</option>
              ))}
            </select>
          )}
          <button type="button" disabled={busy.value || current.trim() === "" || session.value?.parts.voice !== true} title={session.value?.parts.voice === true ? "" : t("prompt.no_voice")} onClick={() => void send("/render", { text: current, voice: voice.value || (voices[0]?.name ?? "") })} data-testid={`render-${language}`}>
            {busy.value ? t("prompt.rendering") : t("prompt.render")}
          </button>
        </div>
      )}
      {may && session.value?.parts.voice !== true && <p class="hint">{t("prompt.no_voice")}</p>}
    </>
  );
}

function Heard({ name, language, recording }: { name: string; language: string; recording: Recording }): JSX.Element {
  const loaded = useSignal<{ blob: Blob; samples: Float32Array } | null>(null);
  const failed = useSignal("");
  useEffect(() => {
    let gone = false;
    fetchSound(audioPath(language, name, `?v=${recording.stamp}`))
      .then(async (bytes) => {
        const blob = new Blob([bytes], { type: "audio/wav" });
        const samples = await decode(bytes.slice(0), RATE);
        if (!gone) loaded.value = { blob, samples };
      })
      .catch((error: unknown) => !gone && (failed.value = wordsOf(error)));
    return () => (gone = true);
  }, [name, language, recording.stamp]);
  const source = recording.source === "rendered" ? `${recording.voice} (${recording.model})` : `${called("source", recording.source)}${recording.by === "" ? "" : ` · ${recording.by}`}`;
  return (
    <div class="heard">
      {loaded.value !== null ? (
        <Wave samples={loaded.value.samples} rate={RATE} sound={loaded.value.blob} label={`${name} ${language}`} />
      ) : (
        <p class={failed.value === "" ? "calm wave-wait" : "danger"}>{failed.value === "" ? t("admin.loading") : failed.value}</p>
      )}
      <p class="calm facts-line">
        <span class="figures">{t("prompt.level", { level: recording.level.toFixed(1), peak: recording.peak.toFixed(1) })}</span>
        <span class="figures">{recording.rate / 1000} kHz</span>
        <span>{source}</span>
        {recording.at > 0 && <span title={moment(recording.at)}>{ago(recording.at)}</span>}
      </p>
    </div>
  );
}

interface ActionProps extends Props {
  stamp: string;
  recording: Recording | undefined;
  cut(blob: Blob, sound: Sound | null): void;
}

function Actions({ prompt, language, stamp, recording, changed, cut }: ActionProps): JSX.Element | null {
  const asking = useSignal(false);
  if (recording === undefined) return null;
  const trim = async (): Promise<void> => {
    try {
      const blob = new Blob([await fetchSound(audioPath(language, prompt.name, `?v=${stamp}`))], { type: "audio/wav" });
      cut(blob, await soundOf(blob, "upload"));
    } catch (error) {
      complain(error);
    }
  };
  const remove = async (force: boolean): Promise<void> => {
    try {
      changed(await ask<Prompt>("DELETE", `${promptPath(language, prompt.name, "/audio")}?stamp=${stamp}&force=${force ? 1 : 0}`));
      asking.value = false;
    } catch (error) {
      if (error instanceof ApiError && error.code === "in_use") asking.value = true;
      else complain(error);
    }
  };
  return (
    <>
      <button type="button" onClick={() => void trim()} data-testid={`trim-${language}`}>{t("prompt.trim")}</button>
      <button type="button" class="plain" onClick={() => void remove(false)} data-testid={`remove-${language}`}>{t("admin.remove")}</button>
      {asking.value && (
        <Dialog id="remove-prompt" title={t("prompt.remove.title", { name: prompt.name })} close={() => (asking.value = false)}>
          <p>{t("prompt.remove.words", { n: prompt.used_by.length })}</p>
          <footer>
            <button type="button" class="hangup" onClick={() => void remove(true)}>{t("prompt.remove.yes")}</button>
            <button type="button" onClick={() => (asking.value = false)}>{t("admin.cancel")}</button>
          </footer>
        </Dialog>
      )}
    </>
  );
}

/** What was there before, to be brought back. */
function History({ prompt, language, stamp, changed }: Props & { stamp: string }): JSX.Element {
  const undo = async (version: string): Promise<void> => {
    try {
      changed(await ask<Prompt>("POST", promptPath(language, prompt.name, "/undo"), { version, stamp }));
    } catch (error) {
      complain(error);
    }
  };
  const past = useSignal<Prompt["history"] | null>(null);
  const read = async (): Promise<void> => {
    past.value = (await ask<Prompt>("GET", promptPath(language, prompt.name)).catch(() => prompt)).history ?? [];
  };
  return (
    <details onToggle={(event) => event.currentTarget.open && void read()}>
      <summary>{t("prompt.history")}</summary>
      {past.value?.length === 0 && <p class="calm">{t("prompt.history.none")}</p>}
      <ul class="history">
        {(past.value ?? []).map((one) => (
          <li key={one.version}>
            <span class="figures calm">{moment(one.at)}</span> {one.by} {called("source", one.source)} {called("what", one.what)} <span class="figures calm">{one.seconds.toFixed(1)} s</span>
            <button type="button" onClick={() => void undo(one.version)}>{t("prompt.history.back")}</button>
          </li>
        ))}
      </ul>
    </details>
  );
}
