import { audioContext } from "./level";

const LOW = 587.33;
const HIGH = 783.99;
const PERIOD_MS = 2000;

/** The ring: two soft tones, made here, no file. */
export class Ringer {
  private timer: ReturnType<typeof setInterval> | undefined;
  private gain: GainNode | null = null;

  start(): void {
    if (this.timer !== undefined) return;
    this.chime();
    this.timer = setInterval(() => this.chime(), PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.gain?.disconnect();
    this.gain = null;
  }

  private chime(): void {
    const context = audioContext();
    this.gain ??= new GainNode(context, { gain: 0.22 });
    this.gain.connect(context.destination);
    const start = context.currentTime + 0.02;
    for (const [offset, frequency] of [
      [0, LOW],
      [0.18, HIGH],
      [0.5, LOW],
      [0.68, HIGH],
    ] as const) {
      this.note(context, this.gain, start + offset, frequency);
    }
  }

  private note(context: AudioContext, out: GainNode, at: number, frequency: number): void {
    const tone = new OscillatorNode(context, { frequency, type: "sine" });
    const envelope = new GainNode(context, { gain: 0 });
    envelope.gain.setValueAtTime(0, at);
    envelope.gain.linearRampToValueAtTime(1, at + 0.015);
    envelope.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
    tone.connect(envelope).connect(out);
    tone.start(at);
    tone.stop(at + 0.32);
  }
}
