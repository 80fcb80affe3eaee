import { describe, expect, it } from "vitest";
import { speak } from "../src/i18n";
import { EMPTY_BOOK, type Book } from "../src/desk/side/book";
import { grouped, queryOf } from "../src/quality/finding";
import type { Hit, Question } from "../src/quality/model";
import { beginOf, factsOf, modulesFor, secondOf, type Whole } from "../src/quality/record";
import type { Turn } from "../src/quality/player/model";
import { href, parse } from "../src/quality/route";
import { earned, kindOf, points, scoreKind, sectionShare, valuesOf, valueWords } from "../src/quality/score";
import { textOf, when } from "../src/quality/words";

const question = (more: Partial<Question>): Question => ({ name: "q", title: { en: "Q" }, guide: {}, kind: "yes_no", weight: 10, fatal: false, not_applicable: true, automatic: false, choices: [], ...more });
const choices = [
  { name: "all", title: { en: "All", zh: "全部" }, points: 1 },
  { name: "some", title: { en: "Some", zh: "部分" }, points: 0.5 },
];

describe("answers", () => {
  it.each([
    [question({}), ["yes", "no", "na"]],
    [question({ kind: "scale", not_applicable: false }), [1, 2, 3, 4, 5]],
    [question({ kind: "choice", choices }), ["all", "some", "na"]],
  ])("values of %#", (one, values) => expect(valuesOf(one)).toEqual(values));

  it.each([
    [question({}), "yes", 1, "good"],
    [question({}), "no", 0, "attention"],
    [question({ fatal: true }), "no", 0, "danger"],
    [question({ kind: "scale" }), 3, 0.5, "waiting"],
    [question({ kind: "choice", choices }), "some", 0.5, "waiting"],
    [question({ kind: "choice", choices }), "gone", null, ""],
    [question({}), "na", null, ""],
    [question({}), null, null, ""],
  ] as const)("%# is worth its share", (one, value, share, kind) => {
    expect([earned(one, value), kindOf(one, value)]).toEqual([share, kind]);
  });

  it("are said in the language of the page", () => {
    speak("zh");
    expect([valueWords(question({}), "no"), valueWords(question({ kind: "choice", choices }), "some")]).toEqual(["否", "部分"]);
    speak("en");
    expect([valueWords(question({ kind: "scale" }), 4), valueWords(question({}), null)]).toEqual(["4 / 5", "open"]);
  });

  it("of a section weigh what they weigh, and open ones nothing", () => {
    const section = { name: "s", title: {}, questions: [question({ name: "a", weight: 30 }), question({ name: "b", weight: 10 }), question({ name: "c" })] };
    const given = (value: string) => ({ value, comment: "", at: null, automatic: false, why: {} });
    expect(sectionShare(section, { a: given("yes"), b: given("no") })).toBe(0.75);
    expect(sectionShare(section, { a: given("na") })).toBe(null);
  });

  it("a fatal score is one whatever it was before", () => {
    expect(scoreKind({ score: 0, raw: 90, passed: false, fatal: ["a"], covered: 1, open: [] })).toBe("danger");
    expect([points(84.04), points(7.26), points(null)]).toEqual(["84", "7.3", "–"]);
  });
});

describe("places", () => {
  it("come back as they were written", () => {
    const { section, id, query } = parse(href("contact", "a/b c", { at: 12.5, q: "" }));
    expect([section, id, query.get("at"), query.has("q")]).toEqual(["contact", "a/b c", "12.5", false]);
  });

  it("that are no address at all lead nowhere", () => {
    expect(parse("#/%E0%A4%A").section).toBe("%E0%A4%A");
    expect(parse("").section).toBe("");
  });
});

describe("finding", () => {
  it("asks for whole days where the page is looked at", () => {
    const asked = queryOf(new URLSearchParams("q=refund&from=2026-03-01&to=2026-03-01&mood=angry"));
    expect([asked.q, asked.mood]).toEqual(["refund", "angry"]);
    expect(asked.until! - asked.since!).toBe(86_400);
    expect(queryOf(new URLSearchParams("from=yesterday")).since).toBe(null);
  });

  it("puts what was said in one call together, in the order of the call", () => {
    const hit = (id: string, turn: number, second: number) => ({ contact: { id }, turn, second }) as Hit;
    const groups = grouped([hit("b", 4, 40), hit("a", 1, 3), hit("b", 2, 9), hit("b", 4, 40)]);
    expect(groups.map(({ contact, hits }) => [contact.id, hits.map((one) => one.second)])).toEqual([["b", [9, 40]], ["a", [3]]]);
  });
});

describe("the record beside the player", () => {
  const whole = { channel: "sip", queue: "bill", intent: "bill", tags: [], language: "zh", profile: {}, started_at: "2026-11-22T10:00:00Z", slots: { month: "May", nothing: "" }, handover: { facts: { amount: 20, deep: {} } } } as unknown as Whole;

  it("has the modules of the scene for judges, with the card in each", () => {
    const fits = { channel: [], queue: [], intent: [], tag: [], tier: [], language: [], mood: [], product: [], role: ["quality"] };
    const scene = { name: "quality", title: {}, fits, who: ["mood"], do: ["lines", "scorecard"], procedure: "", lines: [], actions: [], tags: [] };
    const book = { ...EMPTY_BOOK, scenes: [scene] } as unknown as Book;
    expect(modulesFor(book, whole)).toEqual({ who: ["mood"], do: ["lines", "scorecard", "wrap_up", "coaching"] });
    expect(modulesFor(book, null)).toEqual({ who: [], do: ["scorecard", "coaching"] });
  });

  it("says plain facts alone, and seconds of the recording", () => {
    expect(factsOf(whole)).toEqual([["month", "May"], ["amount", "20"]]);
    expect(secondOf("2026-11-22T10:00:31Z", whole)).toBe(31);
    expect(secondOf("never", whole)).toBe(null);
  });

  it("plays a turn from where it is heard, not from when its words were known", () => {
    const turn = { index: 4, at: "2026-11-22T10:00:25Z" } as Whole["turns"][number];
    expect(beginOf(turn, [{ index: 3, from: 20 }, { index: 4, from: 23.9 }] as Turn[], whole)).toBe(23.9);
    expect(beginOf(turn, [], whole)).toBe(25);
  });
});

it("texts and times are said in the page's language, or in one that is there", () => {
  speak("zh");
  expect([textOf({ zh: "好", en: "good" }), textOf({ "": "5G" }), textOf(null)]).toEqual(["好", "5G", ""]);
  speak("en");
  const noon = new Date(2026, 2, 1, 12, 5).getTime() / 1000;
  expect([when(noon, noon + 60), when(noon, noon + 86_400 * 3), when(noon, noon + 86_400 * 400), when(null)]).toEqual(["12:05", "03-01 12:05", "2026-03-01 12:05", ""]);
});
