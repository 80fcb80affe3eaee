import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Microphone } from "../../media/microphone";
import { Meter } from "../../ui/Meter";
import { promptPath, upload, type Prompt } from "../api";
import { session, wordsOf } from "../store";
import { t, type AdminKey } from "../words";
import { cut, decode, decibels, speech, wav } from "./samples";
import { Wave } from "./Wave";

const RATE = 16000;

/** A sound that is not sent yet. */
export interface Sound {
  blob: Blob;
  samples: Float32Array;
  source: "upload" | "microphone";
}

/** Sound from a file, or null where only the server may know its format. */
export async function soundOf(blob: Blob, source: Sound["source"]): Promise<Sound | null> {
  try {
    return { blob, samples: await decode(await blob.arrayBuffer(), RATE), source };
  } catch {
    return null;
  }
}

interface Props {
  name: string;
  language: string;
  stamp: string;
  sound: Sound | null;
  blob: Blob;
  source: Sound["source"];
  done(prompt: Prompt | null): void;
}

/** Listen, cut, and keep or drop. */
export function Take({ name, language, stamp, sound, blob, source, done }: Props): JSX.Element {
  const range = useSignal(sound === null ? { from: 0, to: 1 } : speech(sound.samples, RATE));
  const level = useSignal(true);
  const share = useSignal(-1);
  const failed = useSignal("");
  const keep = async (): Promise<void> => {
    failed.value = "";
    share.value = 0;
    const { from, to } = range.value;
    const whole = sound === null || (from <= 0.005 && to >= 0.995);
    const body = whole ? blob : wav(cut(sound.samples, from, to), RATE);
    const most = session.value?.limits.upload_octets ?? Infinity;
    if (body.size > most) {
      failed.value = t("prompt.too_large", { mb: Math.round(most / 1e6) });
      share.value = -1;
      return;
    }
    const query = new URLSearchParams({ trim: sound === null ? "1" : "0", level: level.value ? "1" : "0", rate: String(RATE), stamp, source });
    try {
      done(await upload<Prompt>(`${promptPath(language, name, "/audio")}?${query}`, body, (part) => (share.value = part)));
    } catch (error) {
      failed.value = wordsOf(error);
      share.value = -1;
    }
  };
  const loud = sound === null ? null : decibels(cut(sound.samples, range.value.from, range.value.to));
  return (
    <div class="take" data-testid="take">
      {sound === null ? (
        <p class="calm">{t("prompt.unknown_format")}</p>
      ) : (
        <Wave samples={sound.samples} rate={RATE} sound={blob} label={t("prompt.new_take")} range={range.value} onRange={(from, to) => (range.value = { from, to })} />
      )}
      <div class="row">
        <label class="check">
          <input type="checkbox" checked={level.value} onChange={(event) => (level.value = event.currentTarget.checked)} /> {t("prompt.even")}
        </label>
        {loud !== null && Number.isFinite(loud) && <span class="calm figures">{loud.toFixed(1)} dB</span>}
        <span class="spread" />
        <button type="button" class="primary" disabled={share.value >= 0} onClick={() => void keep()} data-testid="take-keep">{t("prompt.keep")}</button>
        <button type="button" disabled={share.value >= 0} onClick={() => done(null)}>{t("prompt.drop")}</button>
      </div>
      {share.value >= 0 && <progress class="progress" max={1} value={share.value} aria-label={t("prompt.sending")} data-testid="take-progress" />}
      <p class="danger" role="alert">{failed.value}</p>
    </div>
  );
}

const BAD = new Set(["denied", "missing", "busy", "lost", "insecure"]);

/** Speak it oneself. */
export function Recorder({ done }: { done(blob: Blob | null): void }): JSX.Element {
  const microphone = useSignal<Microphone | null>(null);
  const recorder = useSignal<MediaRecorder | null>(null);
  const failed = useSignal("");
  useEffect(() => {
    const mic = new Microphone();
    let gone = false;
    microphone.value = mic;
    void mic.open().then(() => {
      if (gone) return mic.close();
      const stream = mic.stream.value;
      if (stream === null) {
        failed.value = BAD.has(mic.state.value) ? t(`mic.${mic.state.value}` as AdminKey) : t("mic.busy");
        return;
      }
      const parts: Blob[] = [];
      const made = new MediaRecorder(stream);
      made.ondataavailable = (event) => parts.push(event.data);
      made.onstop = () => done(parts.length > 0 ? new Blob(parts, { type: made.mimeType }) : null);
      made.start();
      recorder.value = made;
    });
    return () => {
      gone = true;
      const made = recorder.peek();
      if (made !== null) {
        made.onstop = null;
        if (made.state !== "inactive") made.stop();
      }
      mic.close();
    };
  }, []);
  return (
    <div class="take" data-testid="recorder">
      <div class="row">
        <span class="danger"><span class="shape danger" aria-hidden="true" /> {recorder.value === null ? t("prompt.record.wait") : t("prompt.recording")}</span>
        <Meter stream={microphone.value?.stream.value ?? null} />
        <button type="button" class="primary" disabled={recorder.value === null} onClick={() => recorder.value?.stop()} data-testid="record-stop">{t("prompt.record.stop")}</button>
        <button type="button" onClick={() => done(null)}>{t("admin.cancel")}</button>
      </div>
      <p class="danger" role="alert">{failed.value}</p>
    </div>
  );
}
