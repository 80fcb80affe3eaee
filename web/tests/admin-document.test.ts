import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, type Flow } from "../src/admin/api";
import { Document, type Saved } from "../src/admin/flow/document";

/** A server with one text. */
class Server {
  text = "one: 1\ntwo: 2\nthree: 3";
  saves: string[] = [];
  down = false;
  slow = 0;

  get stamp(): string {
    return `s${this.text.length}-${this.text}`;
  }

  read = (): Promise<Flow> => Promise.resolve({ text: this.text, stamp: this.stamp, draft: { by: "emma", at: 1 } } as Flow);

  save = async (text: string, stamp: string): Promise<Saved> => {
    if (this.slow > 0) await new Promise((resolve) => setTimeout(resolve, this.slow));
    if (this.down) throw new ApiError(0, "offline", "");
    if (stamp !== this.stamp) {
      throw new ApiError(409, "stale", "", "", null, { theirs: this.text, base: null, stamp: this.stamp, by: "emma", at: 1 });
    }
    this.text = text;
    this.saves.push(text);
    return { stamp: this.stamp, by: "root", at: 2, problems: [] };
  };
}

let server: Server;
let shown: string[];
const open = (): Document => {
  const made = new Document("flow:x", server, (text) => shown.push(text));
  made.open(server.text, server.stamp);
  return made;
};

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  server = new Server();
  shown = [];
});
afterEach(() => vi.useRealTimers());

describe("a text that is edited", () => {
  it("is on the server a second after the last key", async () => {
    const text = open();
    text.edit("one: 11");
    text.edit("one: 111");
    expect(text.keeping.value).toBe("typing");
    await vi.advanceTimersByTimeAsync(1300);
    expect(server.saves).toEqual(["one: 111"]);
    expect(text.keeping.value).toBe("kept");
    expect(localStorage.length).toBe(0);
  });

  it("is saved again where keys fell while it was on its way", async () => {
    server.slow = 3000;
    const text = open();
    text.edit("a");
    await vi.advanceTimersByTimeAsync(2000);
    text.edit("ab");
    await vi.advanceTimersByTimeAsync(9000);
    expect(server.text).toBe("ab");
    expect(text.keeping.value).toBe("kept");
  });

  it("is kept here while nobody answers, and sent when somebody does", async () => {
    const text = open();
    server.down = true;
    text.edit("typed offline");
    await vi.advanceTimersByTimeAsync(1300);
    expect(text.keeping.value).toBe("offline");
    text.edit("typed offline, and more");
    await vi.advanceTimersByTimeAsync(200);
    expect(localStorage.getItem("hotline.admin.draft.flow:x")).toContain("and more");
    server.down = false;
    text.reconnected();
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.text).toBe("typed offline, and more");
    expect(text.keeping.value).toBe("kept");
  });

  it("comes back after a reload that came before the server had it", async () => {
    server.down = true;
    const first = open();
    first.edit("not sent");
    first.close();
    server.down = false;
    const second = open();
    expect(second.text.value).toBe("not sent");
    expect(second.restored.value).toBe(true);
    await vi.advanceTimersByTimeAsync(100);
    expect(server.text).toBe("not sent");
  });
});

describe("a text that somebody else changed", () => {
  it("is not overwritten: both are there, and a merge is offered", async () => {
    const text = open();
    server.text = "one: 1\ntwo: 2\nthree: theirs";
    text.edit("one: mine\ntwo: 2\nthree: 3");
    await vi.advanceTimersByTimeAsync(1300);
    expect(text.keeping.value).toBe("stale");
    expect(server.text).toContain("theirs");
    const merged = text.merged({ mine: "you", theirs: "emma" });
    expect(merged).toEqual({ text: "one: mine\ntwo: 2\nthree: theirs", conflicts: 0 });
    text.resolve(merged.text);
    expect(shown).toEqual([merged.text]);
    await vi.advanceTimersByTimeAsync(1300);
    expect(server.text).toBe(merged.text);
    expect(text.keeping.value).toBe("kept");
  });

  it("may be overwritten, or taken, when a person says so", async () => {
    const text = open();
    server.text = "theirs";
    text.edit("mine");
    await vi.advanceTimersByTimeAsync(1300);
    text.resolve("mine");
    await vi.advanceTimersByTimeAsync(1300);
    expect(server.text).toBe("mine");
    server.text = "theirs again";
    text.edit("mine again");
    await vi.advanceTimersByTimeAsync(1300);
    text.resolve("theirs again");
    expect(text.text.value).toBe("theirs again");
    expect(text.keeping.value).toBe("kept");
    expect(localStorage.length).toBe(0);
  });

  it("is followed where nothing was typed here", async () => {
    const text = open();
    server.text = "theirs";
    await text.changedElsewhere(server.stamp);
    expect(text.text.value).toBe("theirs");
    expect(shown).toEqual(["theirs"]);
  });

  it("is told before saving where something was typed here", async () => {
    const text = open();
    text.edit("mine");
    server.text = "theirs";
    await text.changedElsewhere(server.stamp);
    expect(text.stale.value?.theirs).toBe("theirs");
    await vi.advanceTimersByTimeAsync(5000);
    expect(server.text).toBe("theirs");
  });
});
