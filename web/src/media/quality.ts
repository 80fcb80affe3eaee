/** What the line is like, in three words. */
export type Grade = "unknown" | "good" | "fair" | "poor" | "silent";

export interface InboundCounts {
  /** Packets since the call began. */
  received: number;
  lost: number;
  /** Seconds. */
  jitter: number;
}

/** The counts of both ways at one reading. */
export interface Reading extends InboundCounts {
  /** Seconds there and back; null until it was measured. */
  roundTrip: number | null;
  /** Packets sent since the call began. */
  sent: number;
  /** Share of what is sent that does not arrive, as the far end says; null until it has. */
  lostThere: number | null;
  /** Name of the codec, "" until it is known. */
  codec: string;
}

/** The figures that an agent is shown. */
export interface Figures {
  /** Percent of the last seconds. */
  loss: number;
  /** Milliseconds. */
  jitter: number;
  /** Milliseconds, or null. */
  roundTrip: number | null;
  /** Percent of what is sent that does not arrive, or null. */
  lossThere: number | null;
  codec: string;
  /** False where no packet left the page since the last reading. */
  sending: boolean;
}

/** Grade of the time between two readings. Loss up to 1 % and jitter up to 20 ms are good, 4 % and 50 ms fair (G.107). */
export function gradeOf(before: InboundCounts | null, now: InboundCounts): Grade {
  if (before === null) return "unknown";
  const received = now.received - before.received;
  const lost = Math.max(0, now.lost - before.lost);
  if (received <= 0) return "silent";
  const share = lost / (received + lost);
  if (share <= 0.01 && now.jitter <= 0.02) return "good";
  return share <= 0.04 && now.jitter <= 0.05 ? "fair" : "poor";
}

/** What is shown of two readings; null before there are two. */
export function figuresOf(before: Reading | null, now: Reading): Figures | null {
  if (before === null) return null;
  const received = Math.max(0, now.received - before.received);
  const lost = Math.max(0, now.lost - before.lost);
  return {
    loss: received + lost === 0 ? 0 : (100 * lost) / (received + lost),
    jitter: 1000 * now.jitter,
    roundTrip: now.roundTrip === null ? null : 1000 * now.roundTrip,
    lossThere: now.lostThere === null ? null : 100 * now.lostThere,
    codec: now.codec,
    sending: now.sent > before.sent,
  };
}

/** The reading in a report of the browser; null while nothing comes in. */
export function readingOf(report: RTCStatsReport): Reading | null {
  let found: Reading | null = null;
  let roundTrip: number | null = null;
  let lostThere: number | null = null;
  let sent = 0;
  const codecs = new Map<string, string>();
  report.forEach((entry: Record<string, unknown>) => {
    const audio = entry["kind"] === "audio";
    if (entry["type"] === "codec") codecs.set(String(entry["id"]), String(entry["mimeType"] ?? "").replace(/^audio\//, ""));
    else if (entry["type"] === "outbound-rtp" && audio) sent = numberOf(entry["packetsSent"]) ?? 0;
    else if (entry["type"] === "candidate-pair" && entry["nominated"] === true) roundTrip ??= numberOf(entry["currentRoundTripTime"]);
    else if (entry["type"] === "remote-inbound-rtp" && audio) {
      roundTrip = numberOf(entry["roundTripTime"]) ?? roundTrip;
      lostThere = numberOf(entry["fractionLost"]);
    } else if (entry["type"] === "inbound-rtp" && audio) {
      found = {
        received: numberOf(entry["packetsReceived"]) ?? 0,
        lost: numberOf(entry["packetsLost"]) ?? 0,
        jitter: numberOf(entry["jitter"]) ?? 0,
        roundTrip: null,
        sent: 0,
        lostThere: null,
        codec: String(entry["codecId"] ?? ""),
      };
    }
  });
  const inbound = found as Reading | null;
  return inbound === null ? null : { ...inbound, roundTrip, lostThere, sent, codec: codecs.get(inbound.codec) ?? "" };
}

/** What the microphone gives while a person should be heard. */
export type MicHealth = "fine" | "dead" | "faint";

/** Below this a microphone gives no sound at all: a headset switched off, or muted by its own key (RMS in 0..1). */
const NOTHING = 2e-5;
/** What speech reaches at least; -50 dB. */
const SPEECH = 0.0032;
const DEAD_SECONDS = 5;
const FAINT_SECONDS = 30;

/** Judges a microphone by its loudness once a second. Pure: levels and seconds in, a judgement out. */
export class MicJudge {
  private silentFor = 0;
  private faintFor = 0;

  /** `rms` of the last second, `seconds` since the reading before; `muted` where the person muted, and nothing is judged. */
  hear(rms: number, seconds: number, muted: boolean): MicHealth {
    this.silentFor = muted || rms > NOTHING ? 0 : this.silentFor + seconds;
    this.faintFor = rms >= SPEECH ? 0 : muted ? this.faintFor : this.faintFor + seconds;
    if (this.silentFor >= DEAD_SECONDS) return "dead";
    return this.faintFor >= FAINT_SECONDS && !muted ? "faint" : "fine";
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
