import { audioContext } from "./level";

const LOW = 587.33;
const HIGH = 783.99;
const PERIOD_MS = 2000;
const LOUDEST = 0.22;

/** The ring: two soft tones, made here, no file. */
export class Ringer {
  private timer: ReturnType<typeof setInterval> | undefined;
  private gain: GainNode | null = null;
  /** 0..1 */
  volume = 1;

  /** Ring at this device, "" for the system's: loudspeakers may ring while a headset talks. Where it is gone, at the system's. */
  async ringAt(id: string): Promise<void> {
    // Nothing else of the page sounds through this context: levels are only measured in it.
    const context = audioContext() as AudioContext & { setSinkId?(id: string): Promise<void> };
    await context.setSinkId?.(id).catch(() => context.setSinkId?.(""));
  }

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

  /** Ring once, to be heard how loud it is and where. */
  once(): void {
    if (this.timer !== undefined) return;
    this.chime();
    setTimeout(() => {
      if (this.timer === undefined) this.stop();
    }, 1200);
  }

  private chime(): void {
    const context = audioContext();
    this.gain ??= new GainNode(context, { gain: LOUDEST * this.volume });
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
