import { describe, expect, it } from "vitest";
import { speak } from "../src/i18n";
import { fill } from "../src/i18n/fill";
import { called } from "../src/quality/words";
import { t as player } from "../src/quality/player/words";

describe("words with values in them", () => {
  it("puts each value where its name stands, once, and leaves what has none", () => {
    expect(fill("{a} and {b}, {a}", { a: "{b}", b: 2 })).toBe("{b} and 2, {b}");
    expect(fill("{constructor} {missing}", {})).not.toContain("native code");
  });
  it("turns nothing around, whatever the name has in it", () => {
    expect(fill("Call of {who} since 10:30", { who: "\u202eevil\u2066\u202c" })).toBe("Call of evil since 10:30");
    expect(fill("{who}", { who: "محمد 王芳" })).toBe("محمد 王芳");
  });
  it("holds for the words of each page, which has those of all pages too", () => {
    speak("en");
    expect(player("player.mark.transfer", { label: "\u202eevil" })).not.toContain("\u202e");
    expect([player("who.unknown"), called("reason", "complaint"), called("reason", "no_such_thing")]).toEqual(["Unknown caller", "complaint", "no such thing"]);
  });
});
