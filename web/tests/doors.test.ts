import { h, render } from "preact";
import { afterEach, expect, it, vi } from "vitest";
import { account, begin } from "../src/desk/store";
import { Nav } from "../src/ui/Nav";

const serve = (roles: string[], limited: string): void => void vi.stubGlobal("fetch", async () => Response.json({ roles, limited }));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("the desk tells an account that takes no calls so, and opens no socket", async () => {
  const socket = vi.fn();
  vi.stubGlobal("WebSocket", socket);
  serve(["admin"], "");
  await begin();
  expect(account.value).toBe("not_allowed");
  expect(socket).not.toHaveBeenCalled();
});

it("who has something to do at /account first is led there from every page, and not away from it", async () => {
  const gone = vi.spyOn(location, "assign").mockImplementation(() => undefined);
  serve(["agent"], "password");
  render(h(Nav, { here: "account" }), document.createElement("div"));
  render(h(Nav, { here: "desk" }), document.createElement("div"));
  await vi.waitFor(() => expect(gone).toHaveBeenCalledWith("/account"));
  expect(gone).toHaveBeenCalledTimes(1);
});
