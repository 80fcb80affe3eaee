import { afterEach, expect, it, vi } from "vitest";
import { once, signedOut as account } from "../src/account/api";
import { get } from "../src/desk/side/requests";
import { ask as inbox } from "../src/inbox/store";
import { ask, Refused } from "../src/net/ask";
import { ask as quality, signedOut } from "../src/quality/api";

afterEach(() => vi.unstubAllGlobals());

const serve = (status: number, body: unknown): void => void vi.stubGlobal("fetch", async () => Response.json(body, { status }));
const fault = (code: string, message: string): object => ({ error: { code, message } });
const refusal = async (asking: Promise<unknown>): Promise<Refused> => {
  const found = await asking.then(() => null, (error: unknown) => error);
  if (!(found instanceof Refused)) throw new Error("was not refused");
  return found;
};

it("gives what the server answers, and says what it says where it refuses", async () => {
  serve(200, { id: "anna" });
  expect(await ask("GET", "/api/v1/me")).toEqual({ id: "anna" });
  serve(409, fault("conflict", "somebody was quicker"));
  expect(await refusal(ask("POST", "/x", {}))).toMatchObject({ status: 409, code: "conflict", message: "somebody was quicker" });
  vi.stubGlobal("fetch", async () => new Response("<h1>bad gateway</h1>", { status: 502 }));
  expect(await refusal(ask("GET", "/x"))).toMatchObject({ status: 502, code: "", message: "" });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  expect(await refusal(ask("GET", "/x"))).toMatchObject({ status: 0, code: "offline", message: "" });
});

it("pages say it their way", async () => {
  const told = [vi.spyOn(signedOut, "tell"), vi.spyOn(account, "tell")];
  serve(401, fault("code_needed", "a code"));
  await refusal(quality("GET", "/quality/cards"));
  await refusal(once("GET", "/account"));
  expect(told.map((one) => one.mock.calls.length)).toEqual([1, 0]);
  serve(503, fault("unavailable", "not now"));
  expect([(await refusal(get("/api/v1/desk/book"))).message, (await refusal(inbox("inbox"))).message]).toEqual(["", "not now"]);
});
