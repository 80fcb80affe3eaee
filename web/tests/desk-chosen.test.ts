import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { chosen } from "../src/desk/chosen";
import { language } from "../src/i18n";

afterEach(() => {
  language.value = "en";
});

describe("why an agent was chosen", () => {
  it("is told in the language of the page", () => {
    language.value = "zh";
    expect(chosen("telecom 5, first to be free")).toBe("telecom 5，最先空闲");
    expect(chosen("team gold, preferred, needs relaxed 1 of 2")).toBe("班组 gold，优先坐席，要求已放宽 1/2");
    language.value = "en";
    expect(chosen("telecom 5, first to be free")).toBe("telecom 5, first to be free");
  });

  it("leaves what a house's own strategy says", () => {
    language.value = "zh";
    expect(chosen("closest desk")).toBe("closest desk");
    expect(chosen("")).toBe("");
  });

  it("knows the words of every strategy", () => {
    const source = readFileSync("../ivr/acd/strategies.py", "utf-8");
    const words = [...(/WORDS[^{]*\{([^}]*)\}/.exec(source)?.[1] ?? "").matchAll(/: "([^"]+)"/g)].map((one) => one[1] ?? "");
    expect(words.length).toBeGreaterThan(8);
    language.value = "zh";
    expect(words.filter((one) => chosen(one) === one)).toEqual([]);
  });
});
