import { h, render } from "preact";
import { readFileSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";
import type { Account } from "../src/account/api";
import { Sessions } from "../src/account/Sessions";
import { account } from "../src/account/store";
import { doing } from "../src/account/words";

const ME: Account = { id: "li", name: "李雷", roles: ["agent"], source: "local", limited: "", lines: [] } as unknown as Account;
const session = (id: string): object => ({ id, this: id === "s1", browser: "Chrome", seen: 1, address: "127.0.0.1" });

afterEach(() => vi.unstubAllGlobals());

it("the list of sessions is read anew when the account is: a new password has ended the others", async () => {
  let there = [session("s1"), session("s2")];
  vi.stubGlobal("fetch", async () => Response.json({ sessions: there }));
  const page = document.createElement("div");
  account.value = ME;
  render(h(Sessions, {}), page);
  await vi.waitFor(() => expect(page.querySelectorAll("[data-testid=session]").length).toBe(2));
  there = [session("s1")];
  account.value = { ...ME };
  await vi.waitFor(() => expect(page.querySelectorAll("[data-testid=session]").length).toBe(1));
});

it("a line of the audit that the catalogue does not know stands as it is", () => {
  expect(doing("callback C-000001 promised")).toBe("callback C-000001 promised");
  expect(doing("session ended: used by another browser")).not.toContain("_");
});

it("what all pages say of fields weighs as an element, for their sheets come in any order", () => {
  const base = readFileSync("src/styles/base.css", "utf-8");
  const heads = [...base.matchAll(/([^{}]+)\{[^{}]*width: 100%/g)].flatMap((match) => (match[1] ?? "").replace(/\/\*.*?\*\//gs, "").split(/,\s*(?![^(]*\))/));
  const fields = heads.map((head) => head.trim()).filter((head) => /^(input|select|textarea)/.test(head));
  expect(fields.length).toBeGreaterThanOrEqual(3);
  expect(fields.filter((head) => /[.:#[]/.test(head.replace(/:where\(.*\)$/, "")))).toEqual([]);
});
