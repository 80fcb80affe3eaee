import { describe, expect, it, vi } from "vitest";
import { playerEn, type PlayerKey } from "../src/i18n/player-en";
import { playerZh } from "../src/i18n/player-zh";
import { Deck, type Voice } from "../src/quality/player/deck";
import { columns, lines, marked, moods, nextRate, place, sounds, span, turnAt, wish, wordsOf, type Playback, type Turn } from "../src/quality/player/model";

const turn = (index: number, from: number, to: number, more: Partial<Turn> = {}): Turn => ({
  index,
  from,
  to,
  speaker: "caller",
  text: "上个月怎么扣了这么多钱",
  language: "zh",
  medium: "speech",
  mood: "",
  confidence: 0.9,
  recorded: true,
  ...more,
});

const playback = (more: Partial<Playback> = {}): Playback => ({
  contact_id: "c-1",
  started_at: 1_790_000_000,
  seconds: 60,
  begins: 5,
  recordings: [
    { number: 1, offset: 5, seconds: 10, url: "/1", why: "" },
    { number: 2, offset: 12, seconds: 4, url: null, why: "missing" },
    { number: 3, offset: 30, seconds: 20, url: "/3", why: "" },
  ],
  peaks: { from: 5, step: 1, caller: [0.5, 0, 1, 0.25], agent: [0, 0, 0, 0] },
  turns: [turn(0, 1, 3, { speaker: "bot" }), turn(1, 6, 9, { mood: "calm" }), turn(2, 8, 10, { speaker: "agent" }), turn(3, 31, 35, { mood: "angry" })],
  marks: [
    { kind: "hold", from: 15, to: 30, label: "wang" },
    { kind: "talk_over", from: 8, to: 9, label: "" },
  ],
  ...more,
});

/** An audio element without sound. */
class Quiet implements Voice {
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  log: string[] = [];
  private address = "";
  private readonly listeners = new Map<string, (() => void)[]>();
  get src(): string {
    return this.address;
  }
  set src(value: string) {
    this.address = value;
    this.paused = true;
    this.log.push(value);
  }
  play(): Promise<void> {
    this.paused = false;
    this.tell("play");
    return Promise.resolve();
  }
  pause(): void {
    this.paused = true;
    this.tell("pause");
  }
  load(): void {
    this.log.push("load");
  }
  removeAttribute(): void {
    this.log.push("off");
  }
  addEventListener(kind: string, listener: () => void): void {
    this.listeners.set(kind, [...(this.listeners.get(kind) ?? []), listener]);
  }
  tell(kind: string): void {
    for (const listener of this.listeners.get(kind) ?? []) listener();
  }
}

vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => undefined });
vi.stubGlobal("requestAnimationFrame", () => 1);
vi.stubGlobal("cancelAnimationFrame", () => undefined);

describe("the time line", () => {
  it("is where sound is, and of a call without sound all of it", () => {
    expect(span(playback())).toEqual([5, 50]);
    expect(span(playback({ recordings: [] }))).toEqual([0, 60]);
    expect(sounds(playback()).map((one) => one.number)).toEqual([1, 3]);
  });

  it("finds the file of a second, and the next one where there is none", () => {
    const found = sounds(playback());
    expect(place(found, 7)).toMatchObject({ sound: { number: 1 }, at: 2 });
    expect(place(found, 20)).toMatchObject({ sound: { number: 3 }, at: 0 });
    expect(place(found, 50)).toBeNull();
  });

  it("knows the turn that is said, also where two speak at once", () => {
    const { turns } = playback();
    expect([0, 1, 7, 8.5, 20, 33].map((second) => turnAt(turns, second))).toEqual([-1, 0, 1, 2, 2, 3]);
  });

  it("draws the highest peak of each column", () => {
    const { peaks } = playback();
    expect(columns(peaks, "caller", 5, 9, 4)).toEqual([0.5, 0, 1, 0.25]);
    expect(columns(peaks, "caller", 5, 9, 2)).toEqual([0.5, 1]);
    expect(columns(peaks, "caller", 0, 20, 2)).toEqual([1, 0]);
  });

  it("tells the caller's mood from turn to turn", () => {
    expect(moods(playback().turns, 50)).toEqual([
      { mood: "calm", level: 1, from: 6, to: 31 },
      { mood: "angry", level: 3, from: 31, to: 50 },
    ]);
  });

  it("puts what happened between the turns", () => {
    expect(lines(playback()).map((one) => one.turn?.index ?? one.mark?.kind)).toEqual([0, 1, 2, "hold", 3]);
  });
});

describe("words", () => {
  it("share the time of their turn, Chinese ones too", () => {
    const words = wordsOf(turn(0, 10, 21));
    expect(words.map((one) => one.text).join("")).toBe("上个月怎么扣了这么多钱");
    expect(words.length).toBeGreaterThan(3);
    expect(words[0]?.at).toBe(10);
    expect(words.at(-1)!.at).toBeLessThan(21);
    expect(wordsOf(turn(0, 0, 4, { text: "", language: "x y" }))).toEqual([]);
  });

  it("that are sought are marked, inside other words only in Chinese", () => {
    const said = wordsOf(turn(0, 0, 9, { text: "I was refunded, prefund 我要退款", language: "en" }));
    const hits = (find: string): string => said.filter((_, n) => marked(said, find)[n]).map((one) => one.text).join("|");
    expect(hits("refund")).toBe("refunded");
    expect(hits("fund")).toBe("");
    expect(hits('"退款" -was')).toContain("退款");
    expect(hits("")).toBe("");
  });
});

describe("keys", () => {
  const key = (name: string, more = {}): unknown => wish({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  it("ask what players are asked everywhere, and leave the browser's own alone", () => {
    expect(key(" ")).toEqual({ kind: "toggle" });
    expect(key("j")).toEqual({ kind: "by", seconds: -10 });
    expect(key("l")).toEqual({ kind: "by", seconds: 10 });
    expect(key("ArrowRight")).toEqual({ kind: "by", seconds: 5 });
    expect(key("ArrowLeft", { shiftKey: true })).toEqual({ kind: "turn", step: -1 });
    expect(key("l", { ctrlKey: true })).toBeNull();
    expect(key("x")).toBeNull();
  });

  it("change the speed step by step", () => {
    expect([nextRate(1, 1), nextRate(2, 1), nextRate(0.75, -1), nextRate(1.1, 1)]).toEqual([1.25, 2, 0.75, 1.25]);
  });
});

describe("the deck", () => {
  const at = (deck: Deck): number => deck.second.value;

  it("plays several files as one and leaves out what was not recorded", () => {
    const voice = new Quiet();
    const deck = new Deck(playback(), voice);
    expect(voice.log).toEqual(["/1"]);
    voice.tell("loadedmetadata");
    deck.toggle();
    expect(deck.playing.value).toBe(true);
    voice.currentTime = 4;
    voice.tell("timeupdate");
    expect(at(deck)).toBe(9);
    expect(deck.turn.value).toBe(2);
    voice.pause();
    voice.tell("ended");
    expect(voice.src).toBe("/3");
    voice.tell("loadedmetadata");
    expect([at(deck), deck.playing.value, voice.paused]).toEqual([30, true, false]);
    voice.tell("ended");
    expect([at(deck), deck.playing.value]).toEqual([50, false]);
  });

  it("goes to a second in another file, once that is there", () => {
    const voice = new Quiet();
    const deck = new Deck(playback(), voice, 7);
    voice.tell("loadedmetadata");
    expect([at(deck), voice.currentTime]).toEqual([7, 2]);
    deck.seek(33.5);
    expect(voice.src).toBe("/3");
    deck.seek(34);
    voice.tell("timeupdate");
    expect(at(deck)).toBe(34);
    voice.tell("loadedmetadata");
    expect(voice.currentTime).toBe(4);
    deck.say(1);
    expect(at(deck)).toBe(6);
    deck.obey({ kind: "turn", step: 1 });
    expect(at(deck)).toBe(8);
    deck.obey({ kind: "turn", step: -1 });
    expect(at(deck)).toBe(6);
    deck.seek(-100);
    expect(at(deck)).toBe(5);
    deck.seek(1000);
    expect([at(deck), voice.paused]).toEqual([50, true]);
    deck.play();
    expect(at(deck)).toBe(5);
  });

  it("tries MP3 where the browser takes no Opus, and says where that is none either", () => {
    const voice = new Quiet();
    const deck = new Deck(playback(), voice, 7);
    voice.tell("error");
    expect(voice.src).toBe("/1?format=mp3");
    voice.tell("loadedmetadata");
    expect([voice.currentTime, deck.failed.value]).toEqual([2, false]);
    voice.currentTime = 3;
    voice.tell("timeupdate");
    voice.tell("error");
    expect(deck.failed.value).toBe(true);
    deck.toggle();
    expect([voice.log.length, deck.failed.value, deck.loading.value]).toEqual([3, false, true]);
    voice.tell("error");
    expect(deck.failed.value).toBe(true);
    deck.toggle();
    voice.tell("loadedmetadata");
    expect([voice.currentTime, at(deck)]).toEqual([3, 8]);
  });

  it("comes to an end also where the last file is over at once", () => {
    const voice = new Quiet();
    const deck = new Deck(playback({ recordings: [{ number: 1, offset: 5, seconds: 10, url: "/1", why: "" }, { number: 2, offset: 15, seconds: 0.04, url: "/2", why: "" }] }), voice);
    voice.tell("loadedmetadata");
    deck.toggle();
    voice.tell("ended");
    expect([voice.src, voice.paused]).toEqual(["/2", false]);
    voice.tell("loadedmetadata");
    voice.tell("ended");
    expect(deck.playing.value).toBe(false);
  });

  it("goes on playing where it is sent to another file", () => {
    const voice = new Quiet();
    const deck = new Deck(playback(), voice);
    voice.tell("loadedmetadata");
    deck.toggle();
    deck.seek(33);
    expect([voice.src, voice.paused]).toEqual(["/3", false]);
    voice.tell("loadedmetadata");
    deck.toggle();
    deck.seek(7);
    expect([voice.src, voice.paused, deck.playing.value]).toEqual(["/1", true, false]);
  });

  it("without sound moves through the words alone", () => {
    const voice = new Quiet();
    const deck = new Deck(playback({ recordings: [] }), voice);
    deck.play();
    deck.say(3);
    expect([at(deck), deck.turn.value, voice.log]).toEqual([31, 3, []]);
    deck.close();
    expect(voice.log).toEqual(["off", "load"]);
  });

  it("says that it does not play where the browser refuses", async () => {
    const voice = new Quiet();
    voice.play = () => Promise.reject(new Error("a click first"));
    const deck = new Deck(playback(), voice);
    deck.play();
    await Promise.resolve();
    expect(deck.playing.value).toBe(false);
  });
});

describe("words of the player", () => {
  it("are there in both languages with the same values in them", () => {
    const holes = (text: string): string => (text.match(/\{\w+\}/g) ?? []).sort().join();
    const keys = Object.keys(playerEn) as PlayerKey[];
    expect(keys.filter((key) => playerZh[key] === "" || holes(playerZh[key]) !== holes(playerEn[key]))).toEqual([]);
  });
});
