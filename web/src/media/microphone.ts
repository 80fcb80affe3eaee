import { signal } from "@preact/signals";

/** `lost`: it was there and went away during use. */
export type MicState = "idle" | "asking" | "ready" | "denied" | "missing" | "busy" | "lost" | "insecure";

export interface Device {
  id: string;
  label: string;
}

const CHOSEN = "hotline.microphone";

/** The one microphone of this page. It stays open between calls, so that the next answer waits for nothing. */
export class Microphone {
  readonly state = signal<MicState>("idle");
  readonly devices = signal<Device[]>([]);
  readonly chosen = signal(localStorage.getItem(CHOSEN) ?? "");
  readonly stream = signal<MediaStream | null>(null);
  private asking: Promise<MediaStream | null> | null = null;

  constructor() {
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.list());
  }

  /** The open stream, asking the person at most once at a time; null where there is none, and `state` says why. */
  open(): Promise<MediaStream | null> {
    const stream = this.stream.value;
    if (stream?.getAudioTracks().some((track) => track.readyState === "live")) return Promise.resolve(stream);
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  async choose(id: string): Promise<void> {
    this.chosen.value = id;
    localStorage.setItem(CHOSEN, id);
    if (this.stream.value === null) return;
    this.close();
    await this.open();
  }

  close(): void {
    for (const track of this.stream.value?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.stream.value = null;
    // A reason why there is no microphone stays on the page.
    if (this.state.value === "ready") this.state.value = "idle";
  }

  private async ask(): Promise<MediaStream | null> {
    if (navigator.mediaDevices === undefined) {
      this.state.value = "insecure";
      return null;
    }
    this.state.value = "asking";
    try {
      const stream = await this.acquire();
      for (const track of stream.getAudioTracks()) track.onended = () => this.lose();
      this.stream.value = stream;
      this.state.value = "ready";
      void this.list();
      return stream;
    } catch (error) {
      this.stream.value = null;
      this.state.value = reason(error);
      return null;
    }
  }

  private async acquire(): Promise<MediaStream> {
    const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const id = this.chosen.value;
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: id ? { ...wanted, deviceId: { exact: id } } : wanted });
    } catch (error) {
      // The chosen one was unplugged: any other is better than silence.
      if (id === "" || reason(error) === "denied") throw error;
      return navigator.mediaDevices.getUserMedia({ audio: wanted });
    }
  }

  private lose(): void {
    this.stream.value = null;
    this.state.value = "lost";
    void this.open();
  }

  private async list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    this.devices.value = all
      .filter((device) => device.kind === "audioinput" && device.deviceId !== "")
      .map((device) => ({ id: device.deviceId, label: device.label }));
    const gone = this.state.value === "missing" || this.state.value === "lost";
    if (gone && this.devices.value.length > 0) void this.open();
  }
}

function reason(error: unknown): MicState {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "busy";
  }
}
