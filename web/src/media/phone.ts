import { signal } from "@preact/signals";
import { LevelProbe } from "./level";
import type { Microphone } from "./microphone";
import { figuresOf, gradeOf, MicJudge, readingOf, type Figures, type Grade, type MicHealth, type Reading } from "./quality";

/** Longest wait for candidates: on a local network they are there in tens of milliseconds. */
const GATHER_MS = 300;
/** The same where a STUN or TURN server has to be asked. */
const GATHER_FAR_MS = 2000;
const MIC_MS = 2500;
const READING_MS = 1000;
const BEEP_HZ = 660;

export type PhoneState = "idle" | "connecting" | "connected" | "lost";

/** The page's end of a call: one peer connection at a time; the server always offers. */
export class Phone {
  readonly state = signal<PhoneState>("idle");
  readonly muted = signal(false);
  readonly remote = signal<MediaStream | null>(null);
  readonly quality = signal<Grade>("unknown");
  /** Null until two readings are there. */
  readonly figures = signal<Figures | null>(null);
  /** What the microphone gives in this call. */
  readonly micHealth = signal<MicHealth>("fine");
  /** False where the chosen loudspeaker is gone and the system's own plays. */
  readonly outputThere = signal(true);
  /** True where the browser wants a click before it plays sound. */
  readonly blocked = signal(false);
  private connection: RTCPeerConnection | null = null;
  private sender: RTCRtpSender | null = null;
  private readonly speaker = document.createElement("audio");
  private watch: ReturnType<typeof setInterval> | undefined;
  private ear: LevelProbe | null = null;

  constructor(private readonly microphone: Microphone) {
    this.speaker.autoplay = true;
    this.speaker.dataset["testid"] = "remote-audio";
    document.body.append(this.speaker);
    microphone.stream.subscribe((stream) => this.useMicrophone(stream));
  }

  /** The answer to `offer`, with candidates. An earlier connection is replaced. Without a microphone one still hears. */
  async answer(offer: string, iceServers: RTCIceServer[] = []): Promise<string> {
    this.drop();
    const connection = new RTCPeerConnection({ iceServers });
    this.connection = connection;
    this.state.value = "connecting";
    connection.onconnectionstatechange = () => this.follow(connection);
    connection.ontrack = (event) => this.play(event.streams[0] ?? new MediaStream([event.track]));
    const stream = await within(this.microphone.open(), MIC_MS);
    await connection.setRemoteDescription({ type: "offer", sdp: offer });
    const line = connection.getTransceivers()[0];
    if (line !== undefined) {
      // Send and receive even without a microphone: the track can then come later without a new offer.
      line.direction = "sendrecv";
      this.sender = line.sender;
      await line.sender.replaceTrack(stream?.getAudioTracks()[0] ?? null);
    }
    await connection.setLocalDescription(await connection.createAnswer());
    await gathered(connection, iceServers.length === 0 ? GATHER_MS : GATHER_FAR_MS);
    this.applyMute();
    return connection.localDescription?.sdp ?? "";
  }

  /** Press keys as real telephone events; false where this connection has none, and the caller must say it another way. */
  press(digits: string): boolean {
    const keys = this.sender?.dtmf;
    if (!keys || !keys.canInsertDTMF || this.connection?.connectionState !== "connected") return false;
    keys.insertDTMF(keys.toneBuffer + digits, 100, 70);
    return true;
  }

  mute(on: boolean): void {
    this.muted.value = on;
    this.applyMute();
  }

  /** Play through this device, "" for the system's; false where the browser cannot, or the device is gone. */
  async playThrough(id: string): Promise<boolean> {
    if (!("setSinkId" in this.speaker)) return id === "";
    try {
      await this.speaker.setSinkId(id);
      this.outputThere.value = true;
      return true;
    } catch {
      await this.speaker.setSinkId("").catch(() => undefined);
      this.outputThere.value = false;
      return false;
    }
  }

  /** A short tone from a device, "" for the system's: to hear where the sound comes out. Never during a call's own sound. */
  async beep(id: string): Promise<void> {
    const context = new AudioContext() as AudioContext & { setSinkId?(id: string): Promise<void> };
    await context.setSinkId?.(id).catch(() => (this.outputThere.value = false));
    const tone = new OscillatorNode(context, { frequency: BEEP_HZ });
    tone.connect(new GainNode(context, { gain: 0.15 })).connect(context.destination);
    tone.onended = () => void context.close();
    tone.start();
    tone.stop(context.currentTime + 0.5);
  }

  /** Play what the browser held back; call it from a click. */
  unblock(): void {
    void this.speaker.play().then(
      () => (this.blocked.value = false),
      () => undefined,
    );
  }

  hangUp(): void {
    this.drop();
    this.muted.value = false;
    this.applyMute();
  }

  private drop(): void {
    clearInterval(this.watch);
    if (this.connection !== null) {
      this.connection.onconnectionstatechange = null;
      this.connection.ontrack = null;
      this.connection.close();
    }
    this.connection = null;
    this.sender = null;
    this.speaker.srcObject = null;
    this.remote.value = null;
    this.blocked.value = false;
    this.quality.value = "unknown";
    this.figures.value = null;
    this.micHealth.value = "fine";
    this.ear?.close();
    this.ear = null;
    this.state.value = "idle";
  }

  private play(stream: MediaStream): void {
    this.remote.value = stream;
    this.speaker.srcObject = stream;
    this.speaker.play().catch((error: unknown) => {
      this.blocked.value = error instanceof DOMException && error.name === "NotAllowedError";
    });
  }

  private follow(connection: RTCPeerConnection): void {
    if (connection !== this.connection) return;
    const now = connection.connectionState;
    if (now === "connected") {
      this.state.value = "connected";
      this.measure(connection);
    } else if (now === "disconnected" || now === "failed") {
      this.state.value = "lost";
    }
  }

  private measure(connection: RTCPeerConnection): void {
    clearInterval(this.watch);
    let before: Reading | null = null;
    const judge = new MicJudge();
    this.listenToMicrophone();
    this.watch = setInterval(async () => {
      this.judgeMicrophone(judge);
      const reading = readingOf(await connection.getStats());
      if (reading !== null && connection === this.connection) {
        this.quality.value = gradeOf(before, reading);
        this.figures.value = figuresOf(before, reading);
        before = reading;
      }
    }, READING_MS);
  }

  private listenToMicrophone(): void {
    this.ear?.close();
    const stream = this.microphone.stream.peek();
    this.ear = stream === null || this.connection === null ? null : new LevelProbe(stream, 16384);
  }

  private judgeMicrophone(judge: MicJudge): void {
    if (this.ear === null) return;
    const muted = this.muted.peek();
    // The system's own mute: the track says so, whatever is measured.
    const cut = this.microphone.stream.peek()?.getAudioTracks().some((track) => track.muted) === true;
    const health = judge.hear(cut ? 0 : this.ear.rms(), READING_MS / 1000, muted);
    this.micHealth.value = cut && !muted ? "dead" : health;
  }

  private useMicrophone(stream: MediaStream | null): void {
    void this.sender?.replaceTrack(stream?.getAudioTracks()[0] ?? null).catch(() => undefined);
    this.applyMute();
    if (this.connection !== null) this.listenToMicrophone();
  }

  private applyMute(): void {
    for (const track of this.microphone.stream.value?.getAudioTracks() ?? []) track.enabled = !this.muted.value;
  }
}

function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  return Promise.race([promise, new Promise<null>((resolve) => setTimeout(() => resolve(null), ms))]);
}

function gathered(connection: RTCPeerConnection, most: number): Promise<void> {
  if (connection.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, most);
    connection.addEventListener("icegatheringstatechange", () => {
      if (connection.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}
