import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clock, languageName, length, named, roughly, speak, t, takeIntents } from "../src/i18n";
import { en, type Key } from "../src/i18n/en";
import { accountEn, type AccountKey } from "../src/i18n/account-en";
import { accountZh } from "../src/i18n/account-zh";
import { adminEn, type AdminKey } from "../src/i18n/admin-en";
import { adminZh } from "../src/i18n/admin-zh";
import { qualityEn, type QualityKey } from "../src/i18n/quality-en";
import { qualityZh } from "../src/i18n/quality-zh";
import { wallEn, type WallKey } from "../src/i18n/wall-en";
import { wallZh } from "../src/i18n/wall-zh";
import { zh } from "../src/i18n/zh";

const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
const keys = Object.keys(en) as Key[];

describe("catalogues", () => {
  it("have the same keys", () => {
    expect(Object.keys(zh).sort()).toEqual([...keys].sort());
  });

  it("say something for each key, with the same values in it", () => {
    expect(keys.filter((key) => zh[key] === "" || en[key] === "")).toEqual([]);
    expect(keys.filter((key) => holes(zh[key]).join() !== holes(en[key]).join())).toEqual([]);
  });

  it("hold every key only because something uses it", () => {
    const text = sources("src").join("\n");
    const families = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? "");
    const prefixes = [...text.matchAll(/named\("(\w+)"/g)].map((match) => `${match[1]}.`);
    const unused = keys.filter(
      (key) => !text.includes(`"${key}"`) && ![...families, ...prefixes].some((family) => key.startsWith(family)),
    );
    expect(unused).toEqual([]);
  });
});

describe("catalogues of the admin pages", () => {
  const own = Object.keys(adminEn) as AdminKey[];

  it("say the same in both languages, and nothing that other pages say already", () => {
    expect(Object.keys(adminZh).sort()).toEqual([...own].sort());
    expect(own.filter((key) => holes(adminZh[key]).join() !== holes(adminEn[key]).join())).toEqual([]);
    expect(own.filter((key) => (adminZh[key] as string) === "" || (adminEn[key] as string) === "" || key in en)).toEqual([]);
  });

  it("hold every key only because something uses it", () => {
    const text = sources("src/admin").join("\n");
    const families = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? "");
    const prefixes = [...text.matchAll(/called\("(\w+)"/g)].map((match) => `${match[1]}.`);
    expect(own.filter((key) => !text.includes(`"${key}"`) && ![...families, ...prefixes].some((family) => key.startsWith(family)))).toEqual([]);
  });
});

describe("catalogue of accounts", () => {
  const own = Object.keys(accountEn) as AccountKey[];

  it("says the same in both languages, and nothing that other pages say already", () => {
    expect(Object.keys(accountZh).sort()).toEqual([...own].sort());
    expect(own.filter((key) => holes(accountZh[key]).join() !== holes(accountEn[key]).join())).toEqual([]);
    expect(own.filter((key) => accountZh[key] === "" || (accountEn[key] as string) === "" || key in en)).toEqual([]);
  });

  it("holds every key only because something uses it", () => {
    const text = [...sources("src/account"), ...sources("src/admin/people")].join("\n");
    const prefixes = [...text.matchAll(/called\("([\w.]+)"/g)].map((match) => `${match[1]}.`);
    expect(own.filter((key) => !text.includes(`"${key}"`) && !prefixes.some((prefix) => key.startsWith(prefix)))).toEqual([]);
  });
});

describe("catalogue of the wallboard", () => {
  const own = Object.keys(wallEn) as WallKey[];

  it("says the same in both languages, and nothing that other pages say already", () => {
    expect(Object.keys(wallZh).sort()).toEqual([...own].sort());
    expect(own.filter((key) => holes(wallZh[key]).join() !== holes(wallEn[key]).join())).toEqual([]);
    expect(own.filter((key) => wallZh[key] === "" || (wallEn[key] as string) === "" || key in en)).toEqual([]);
  });

  it("holds every key only because something uses it", () => {
    const text = sources("src/wall").join("\n");
    const families = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? "");
    expect(own.filter((key) => !text.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)))).toEqual([]);
  });
});

describe("catalogue of quality", () => {
  const own = Object.keys(qualityEn) as QualityKey[];

  it("says the same in both languages, and nothing that other pages say already", () => {
    expect(Object.keys(qualityZh).sort()).toEqual([...own].sort());
    expect(own.filter((key) => holes(qualityZh[key]).join() !== holes(qualityEn[key]).join())).toEqual([]);
    expect(own.filter((key) => qualityZh[key] === "" || (qualityEn[key] as string) === "" || key in en)).toEqual([]);
  });

  it("holds every key only because something uses it", () => {
    const text = sources("src/quality").join("\n");
    const families = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? "");
    const prefixes = [...text.matchAll(/called\("(\w+)"/g)].map((match) => `${match[1]}.`);
    expect(own.filter((key) => !text.includes(`"${key}"`) && ![...families, ...prefixes].some((family) => key.startsWith(family)))).toEqual([]);
  });
});

describe("words", () => {
  it("follow the language and tell the document", async () => {
    speak("zh");
    expect(t("bar.left", { n: 3 })).toBe("剩余 3 秒");
    expect(document.documentElement.lang).toBe("zh-CN");
    speak("en");
    expect(t("bar.left", { n: 3 })).toBe("3 s left");
    expect(document.documentElement.lang).toBe("en");
  });

  it("make unknown names readable", () => {
    expect(named("disposition", "solved")).toBe("Solved");
    expect(named("disposition", "call_back_later")).toBe("call back later");
  });
});

describe("figures", () => {
  it.each([
    [0, "0:00"],
    [-4, "0:00"],
    [41.9, "0:41"],
    [725, "12:05"],
    [3725, "1:02:05"],
  ])("length %d is %s", (seconds, words) => {
    expect(length(seconds)).toBe(words);
  });

  it("waits are said roughly", () => {
    speak("en");
    expect([20, 60, 200].map(roughly)).toEqual(["less than a minute", "about 1 minute", "about 3 minutes"]);
  });

  it("clock shows two and two digits", () => {
    expect(clock(1_790_000_000)).toMatch(/^\d\d:\d\d$/);
  });

  it("the house's own words for what callers want come first", () => {
    takeIntents({ bill: { zh: "查账单", en: "Bill" }, agent: { zh: "人工" } });
    speak("zh");
    expect([named("intent", "bill"), named("intent", "agent"), named("intent", "lost_card")]).toEqual(["查账单", "人工", "lost card"]);
    speak("en");
    expect([named("intent", "bill"), named("intent", "agent")]).toEqual(["Bill", "agent"]);
    takeIntents();
    expect(named("intent", "bill")).toBe("bill");
  });

  it("a language is called by its own name", () => {
    expect(languageName("zh")).toBe("中文");
    expect(languageName("not a code!")).toBe("not a code!");
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return path.endsWith("i18n") ? [readFileSync(join(path, "index.ts"), "utf8")] : sources(path);
    return /\.tsx?$/.test(name) ? [readFileSync(path, "utf8")] : [];
  });
}
