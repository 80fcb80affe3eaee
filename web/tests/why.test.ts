import { beforeEach, describe, expect, it } from "vitest";
import { speak } from "../src/i18n";
import { agentVerdict, byWhom, contactVerdict, obstacleWords, type AgentWhy } from "../src/ui/why";

const why = (change: object): AgentWhy => ({ verdict: "nobody_waits", waiting: 0, fitting: 0, ahead: 0, reason: "", ...change }) as AgentWhy;

describe.each(["en", "zh"] as const)("words in %s", (language) => {
  beforeEach(() => speak(language));

  it("are there for every code", () => {
    for (const verdict of ["offline", "break", "reserved", "in_call", "wrap_up", "nobody_waits", "no_fit", "behind", "soon"]) {
      expect(agentVerdict(why({ verdict, waiting: 3 }))).not.toMatch(/undefined|\{/);
    }
    for (const verdict of ["offered", "connected", "nobody_defined", "nobody_fits", "nobody_on_duty", "preferred", "busy", "behind", "soon"]) {
      const words = contactVerdict({ verdict, agent: "ann", before: 2, fitting: 1, on_duty: 1, preferred: ["bob"] });
      expect(words).not.toMatch(/undefined|\{/);
    }
    const obstacles = [
      ["excluded", {}], ["only", { agents: ["bob"] }], ["channel", { channel: "ticket" }], ["team", { needed: ["gold"], has: "" }],
      ["site", { needed: ["ulm"], has: "" }], ["skill", { skill: "fibre", needed: 5, has: 0 }], ["language", { language: "zh", speaks: ["en"] }],
      ["preferred", { agents: ["bob"], seconds: 3.2 }], ["spared", { seconds: 3.2 }], ["state", { state: "break", reason: "meal", seconds: 61 }],
      ["free", {}], ["behind", { agent: "bob", strategy: "longest_idle" }],
    ] as const;
    for (const [code, values] of obstacles) expect(obstacleWords({ code, values })).not.toMatch(/undefined|\{/);
    expect(byWhom("boss")).toBe("boss");
  });
});

it("names what is needed and what is there", () => {
  speak("en");
  expect(obstacleWords({ code: "skill", values: { skill: "fibre", needed: 5, has: 0 } })).toBe("fibre 5 needed, has none");
  expect(obstacleWords({ code: "state", values: { state: "break", reason: "gym", seconds: 61 } }, () => "Gym")).toBe("Break (Gym) for 1:01");
  expect(obstacleWords({ code: "spared", values: { seconds: 3.2 } })).toContain("4 s");
});
