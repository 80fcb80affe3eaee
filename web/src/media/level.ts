/** Loudness figures of sound in a page. */

/** Root mean square of samples in -1..1. */
export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

/** Decibels below a full-scale sine at `frequency` Hz (Goertzel over a Hann window); -120 for silence. */
export function toneLevel(samples: Float32Array, frequency: number, sampleRate: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / sampleRate);
  let older = 0;
  let old = 0;
  let weight = 0;
  samples.forEach((sample, n) => {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / samples.length);
    weight += window;
    const now = sample * window + coefficient * old - older;
    older = old;
    old = now;
  });
  const power = Math.max(0, old * old + older * older - coefficient * old * older);
  const amplitude = weight === 0 ? 0 : (2 * Math.sqrt(power)) / weight;
  return Math.max(-120, 20 * Math.log10(Math.max(amplitude, 1e-6)));
}

/** 0..1 for a meter: -60 dB and less is 0, -6 dB is full. */
export function meterShare(value: number): number {
  const db = 20 * Math.log10(Math.max(value, 1e-6));
  return Math.min(1, Math.max(0, (db + 60) / 54));
}

let shared: AudioContext | null = null;

/** One context a page; woken by whatever the person clicked. */
export function audioContext(): AudioContext {
  shared ??= new AudioContext();
  if (shared.state === "suspended") void shared.resume();
  return shared;
}

/** Listens to one stream. */
export class LevelProbe {
  private readonly source: MediaStreamAudioSourceNode;
  private readonly analyser: AnalyserNode;
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(stream: MediaStream, size = 2048) {
    const context = audioContext();
    this.source = context.createMediaStreamSource(stream);
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = size;
    this.samples = new Float32Array(size);
    this.source.connect(this.analyser);
  }

  rms(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    return rms(this.samples);
  }

  /** Decibels at `frequency` Hz over the last `size` samples. */
  tone(frequency: number): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    return toneLevel(this.samples, frequency, this.analyser.context.sampleRate);
  }

  close(): void {
    this.source.disconnect();
  }
}
