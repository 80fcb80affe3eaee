import { signal } from "@preact/signals";
import type { Microphone } from "./microphone";
import { gradeOf, type Grade, type InboundCounts } from "./quality";

/** Longest wait for candidates: on a local network they are there in tens of milliseconds. */
const GATHER_MS = 300;
/** The same where a STUN or TURN server has to be asked. */
const GATHER_FAR_MS = 2000;
const MIC_MS = 2500;

export type PhoneState = "idle" | "connecting" | "connected" | "lost";

/** The page's end of a call: one peer connection at a time; the server always offers. */
export class Phone {
  readonly state = signal<PhoneState>("idle");
  readonly muted = signal(false);
  readonly remote = signal<MediaStream | null>(null);
  readonly quality = signal<Grade>("unknown");
  /** True where the browser wants a click before it plays sound. */
  readonly blocked = signal(false);
  private connection: RTCPeerConnection | null = null;
  private sender: RTCRtpSender | null = null;
  private readonly speaker = document.createElement("audio");
  private watch: ReturnType<typeof setInterval> | undefined;

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
    let before: InboundCounts | null = null;
    this.watch = setInterval(async () => {
      const counts = countsOf(await connection.getStats());
      if (counts !== null && connection === this.connection) {
        this.quality.value = gradeOf(before, counts);
        before = counts;
      }
    }, 1000);
  }

  private useMicrophone(stream: MediaStream | null): void {
    void this.sender?.replaceTrack(stream?.getAudioTracks()[0] ?? null).catch(() => undefined);
    this.applyMute();
  }

  private applyMute(): void {
    for (const track of this.microphone.stream.value?.getAudioTracks() ?? []) track.enabled = !this.muted.value;
  }
}

function countsOf(report: RTCStatsReport): InboundCounts | null {
  let counts: InboundCounts | null = null;
  report.forEach((entry: Record<string, unknown>) => {
    if (entry["type"] !== "inbound-rtp" || entry["kind"] !== "audio") return;
    counts = {
      received: Number(entry["packetsReceived"] ?? 0),
      lost: Number(entry["packetsLost"] ?? 0),
      jitter: Number(entry["jitter"] ?? 0),
    };
  });
  return counts;
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
