import { signal } from "@preact/signals";

/** `lost`: it was there and went away during use. */
export type MicState = "idle" | "asking" | "ready" | "denied" | "missing" | "busy" | "lost" | "insecure";

export interface Device {
  id: string;
  label: string;
}

const CHOSEN = "hotline.microphone";
const LABEL = "hotline.microphone.label";

/** Names that stand for whichever device the system uses. */
const GENERIC = new Set(["default", "communications"]);

/** The one microphone of this page. It stays open between calls, so that the next answer waits for nothing. */
export class Microphone {
  readonly state = signal<MicState>("idle");
  readonly devices = signal<Device[]>([]);
  readonly chosen = signal(localStorage.getItem(CHOSEN) ?? "");
  /** Where sound can come out: loudspeakers, headsets; [] where the browser does not tell. */
  readonly outputs = signal<Device[]>([]);
  readonly stream = signal<MediaStream | null>(null);
  /** Which microphone is in use because the chosen one is not there: `{wanted, used}`, both by name. */
  readonly instead = signal<{ wanted: string; used: string } | null>(null);
  /** A microphone that was plugged in while another is in use. */
  readonly fresh = signal<Device | null>(null);
  private asking: Promise<MediaStream | null> | null = null;

  constructor() {
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.list(true));
    void this.watchPermission();
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
    this.fresh.value = null;
    localStorage.setItem(CHOSEN, id);
    localStorage.setItem(LABEL, this.devices.value.find((device) => device.id === id)?.label ?? "");
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
      this.instead.value = this.other(stream);
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

  /** What is used in place of the chosen one, where that is so. */
  private other(stream: MediaStream): { wanted: string; used: string } | null {
    const track = stream.getAudioTracks()[0];
    const used = track?.getSettings().deviceId;
    if (this.chosen.value === "" || used === undefined || used === this.chosen.value) return null;
    return { wanted: localStorage.getItem(LABEL) ?? "", used: track?.label ?? "" };
  }

  /** Allowed at last in the browser's own window: no click in the page is needed. */
  private async watchPermission(): Promise<void> {
    try {
      const status = await navigator.permissions.query({ name: "microphone" as PermissionName });
      status.onchange = () => {
        if (status.state === "granted" && this.state.value === "denied") void this.open();
      };
    } catch {
      // A browser without this question is asked again by the button.
    }
  }

  private lose(): void {
    this.stream.value = null;
    this.state.value = "lost";
    void this.open();
  }

  /** Take the chosen one again when it is back; say of another that it has come. */
  private notice(before: Device[], changed: boolean): void {
    const now = this.devices.value;
    if (this.fresh.value !== null && !now.some((device) => device.id === this.fresh.value?.id)) this.fresh.value = null;
    if (!changed) return;
    if (this.instead.value !== null && now.some((device) => device.id === this.chosen.value)) {
      this.close();
      void this.open();
      return;
    }
    const come = now.find((device) => !GENERIC.has(device.id) && !before.some((old) => old.id === device.id));
    if (come !== undefined && before.length > 0 && come.id !== this.chosen.value) this.fresh.value = come;
  }

  private async list(changed = false): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    const of = (kind: string): Device[] =>
      all
        .filter((device) => device.kind === kind && device.deviceId !== "")
        .map((device) => ({ id: device.deviceId, label: device.label }));
    const before = this.devices.value;
    this.devices.value = of("audioinput");
    this.outputs.value = of("audiooutput");
    this.notice(before, changed && this.state.value === "ready");
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
