import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { nextRate, place, sounds, span, turnAt, type Playback, type Sound, type Wish } from "./model";

/** What of an audio element the deck needs. */
export interface Voice {
  src: string;
  currentTime: number;
  playbackRate: number;
  readonly paused: boolean;
  play(): Promise<void>;
  pause(): void;
  load(): void;
  addEventListener(kind: string, listener: () => void): void;
  removeAttribute(name: string): void;
}

const KINDS = ["play", "pause", "timeupdate", "seeked", "ended", "error", "loadedmetadata", "waiting", "playing"] as const;
const RATE = "hotline.player.rate";

/** Plays the recordings of one contact as one: several files follow each other, what lies between them is left out. */
export class Deck {
  readonly second: Signal<number>;
  readonly playing = signal(false);
  /** The sound is not there yet. */
  readonly loading = signal(false);
  /** The sound could not be played. */
  readonly failed = signal(false);
  readonly rate = signal(firstRate());
  /** Number of the turn that is said. */
  readonly turn: ReadonlySignal<number>;
  readonly span: [number, number];
  private readonly found: Sound[];
  private current: Sound | null = null;
  /** Where to begin once the file is there. */
  private pending: number | null = null;
  private converted = false;
  private frame = 0;

  constructor(
    private readonly playback: Playback,
    private readonly voice: Voice,
    at: number | null = null,
  ) {
    this.found = sounds(playback);
    this.span = span(playback);
    this.second = signal(at ?? this.span[0]);
    this.turn = computed(() => turnAt(playback.turns, this.second.value));
    for (const kind of KINDS) voice.addEventListener(kind, () => this.happened(kind));
    if (this.silent) return;
    this.seek(this.second.peek());
  }

  /** There is nothing to hear. */
  get silent(): boolean {
    return this.found.length === 0;
  }

  toggle(): void {
    if (this.playing.peek()) this.voice.pause();
    else this.play();
  }

  play(): void {
    if (this.silent) return;
    if (this.second.peek() >= this.span[1] - 0.05) this.seek(this.span[0]);
    if (this.failed.peek() && this.current !== null) this.put(this.current, this.pending ?? 0);
    this.start();
  }

  pause(): void {
    this.voice.pause();
  }

  /** Go to a second; where nothing was recorded then, to where it goes on. */
  seek(second: number, play = false): void {
    const wanted = Math.min(this.span[1], Math.max(Math.min(this.span[0], second), second));
    const to = place(this.found, wanted);
    if (to === null) {
      this.second.value = this.silent ? wanted : this.span[1];
      if (!this.silent) this.voice.pause();
      return;
    }
    this.second.value = to.sound.offset + to.at;
    const other = this.current !== to.sound;
    if (other) this.put(to.sound, to.at);
    else if (this.pending === null) this.voice.currentTime = to.at;
    else this.pending = to.at;
    // An element that is given another file stands still, and says nothing of it.
    if (play || (other && this.playing.peek())) this.play();
  }

  /** To the beginning of a turn, and on from there. */
  say(number: number): void {
    const turn = this.playback.turns[number];
    if (turn !== undefined) this.seek(turn.from, this.playing.peek() || turn.recorded);
  }

  setRate(rate: number): void {
    this.rate.value = this.voice.playbackRate = rate;
    sessionStorage.setItem(RATE, String(rate));
  }

  obey(wish: Wish): void {
    switch (wish.kind) {
      case "toggle":
        return this.toggle();
      case "by":
        return this.seek(this.second.peek() + wish.seconds);
      case "rate":
        return this.setRate(nextRate(this.rate.peek(), wish.step));
      case "end":
        return this.seek(wish.which === "first" ? this.span[0] : this.span[1] - 0.1);
      case "turn": {
        const here = this.turn.peek();
        const begun = this.playback.turns[here]?.from ?? 0;
        // Back within the first second of a turn means the one before, later its own beginning.
        const back = this.second.peek() - begun > 1.5 ? here : here - 1;
        return this.say(wish.step === 1 ? here + 1 : Math.max(0, back));
      }
    }
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.current = null;
    this.voice.pause();
    this.voice.removeAttribute("src");
    this.voice.load();
  }

  private put(sound: Sound, at: number): void {
    this.current = sound;
    this.pending = at;
    this.loading.value = true;
    this.failed.value = false;
    this.voice.src = this.converted ? `${sound.url}?format=mp3` : sound.url;
    this.voice.playbackRate = this.rate.peek();
  }

  private start(): void {
    // A browser that wants a click first says so by refusing: then it stays as it was.
    void this.voice.play().catch(() => (this.playing.value = false));
  }

  private happened(kind: (typeof KINDS)[number]): void {
    const sound = this.current;
    if (sound === null) return;
    switch (kind) {
      case "loadedmetadata":
        this.voice.playbackRate = this.rate.peek();
        if (this.pending !== null) this.voice.currentTime = this.pending;
        this.pending = null;
        this.loading.value = false;
        return;
      case "play":
        this.playing.value = true;
        return this.run();
      case "pause":
        // Between two files it is not paused, whatever the element says.
        this.playing.value = this.pending !== null && this.playing.peek();
        return;
      case "waiting":
        this.loading.value = true;
        return;
      case "playing":
        this.loading.value = false;
        return;
      case "ended":
        return this.goOn(sound);
      case "error":
        return this.broken(sound);
      default:
        this.tell();
    }
  }

  /** The next file, or the end. */
  private goOn(sound: Sound): void {
    const next = this.found[this.found.indexOf(sound) + 1];
    if (next === undefined) {
      this.playing.value = false;
      this.second.value = this.span[1];
      return;
    }
    this.second.value = next.offset;
    this.put(next, 0);
    this.start();
  }

  /** Once more as MP3, for browsers that take no Opus; then it is said. */
  private broken(sound: Sound): void {
    const was = this.playing.peek();
    const at = this.pending ?? Math.max(0, this.second.peek() - sound.offset);
    if (!this.converted) {
      this.converted = true;
      this.put(sound, at);
      if (was) this.play();
      return;
    }
    this.pending = at;
    this.loading.value = this.playing.value = false;
    this.failed.value = true;
  }

  /** While it plays the second follows with the picture: the element itself tells four times a second. */
  private run(): void {
    cancelAnimationFrame(this.frame);
    const step = (): void => {
      if (!this.playing.peek()) return;
      this.tell();
      this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  private tell(): void {
    if (this.current === null || this.pending !== null) return;
    this.second.value = Math.min(this.span[1], this.current.offset + this.voice.currentTime);
  }
}

function firstRate(): number {
  const kept = Number(sessionStorage.getItem(RATE));
  return kept >= 0.5 && kept <= 3 ? kept : 1;
}
