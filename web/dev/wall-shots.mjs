/** Every state of the wallboard, for `npm run shots -- DIR wall`. */
import * as data from "./wall-data.mjs";

export function wallScenes(look) {
  const open = async ({ mock, page }, options = {}, query = "") => {
    mock.state.signedIn = true;
    mock.state.roles = ["agent", "supervisor"];
    mock.state.wall = { options };
    await page.goto(`${mock.url}/wall${query}`);
    await page.locator("[data-testid=wall][data-ready=true]").waitFor();
    await page.waitForTimeout(500);
  };
  const board = (then = async () => undefined, options = {}) => async (stage) => {
    await open(stage, options);
    await then(stage);
  };
  const call = (phase) => async ({ page }) => {
    await page.locator(`[data-testid^=call-][data-phase=${phase}]`).first().click();
    await page.getByTestId("card-call").waitFor();
  };
  return {
    "wall-login": async ({ mock, page }) => {
      await page.goto(`${mock.url}/wall`);
      await page.getByTestId("login").waitFor();
    },
    "wall-board": board(),
    "wall-board-long": async (stage) => {
      await stage.page.setViewportSize({ width: look.width, height: look.width < 500 ? 3800 : 1700 });
      await open(stage);
      await stage.page.locator("[data-testid=plot][data-drawn=true] canvas").waitFor();
    },
    "wall-quiet": board(undefined, { quiet: true }),
    "wall-many": board(undefined, { agents: 300 }),
    "wall-lost": board(async ({ mock, page }) => {
      mock.state.down = true;
      mock.drop();
      await page.getByTestId("notice-link-lost").waitFor();
    }),
    "wall-tv": async (stage) => {
      await stage.page.setViewportSize({ width: Math.max(look.width, 820), height: look.height });
      await open(stage, {}, "?tv");
    },
    "wall-call": board(call("connected")),
    "wall-waiting": board(call("waiting")),
    "wall-listening": board(async (stage) => {
      await call("connected")(stage);
      await stage.page.getByTestId("mode-listen").click();
      await stage.page.locator("[data-testid=listening][data-mode=listen]").waitFor({ state: "attached" });
      await stage.page.getByTestId("card-close").click();
    }),
    "wall-refused": board(async (stage) => {
      stage.mock.state.refuse.set("monitor", look.language === "zh" ? "这是您自己的通话" : "this is your own call");
      await call("connected")(stage);
      await stage.page.getByTestId("mode-whisper").click();
      await stage.page.getByTestId("monitor-why").waitFor();
    }),
    "wall-agent": board(async ({ page }) => {
      await page.locator("[data-testid=agent-a2] button").click();
      await page.getByTestId("skill-billing").fill("7");
    }),
    "wall-queue": board(async ({ page }) => {
      await page.getByTestId("queue-open-support").click();
      await page.getByTestId("drain-open").click();
      await page.getByTestId("drain-to").selectOption("billing");
    }),
    "wall-figure": board(async ({ page }) => {
      await page.getByTestId("figure-service_level").click();
      await page.getByTestId("formula").waitFor();
    }),
    "wall-broadcast": board(async ({ page }) => {
      await page.getByTestId("broadcast-open").click();
      await page.getByTestId("broadcast-text").fill(look.language === "zh" ? "北区宽带中断，预计 14:00 恢复。" : "Fibre in the north is down until 14:00.");
    }),
  };
}

/** What the stand-in server answers to the wallboard; false where it is none of it. */
export function wallAnswer(state, url, method, json) {
  const options = state.wall?.options ?? {};
  if (url.pathname === "/api/v1/wall/history") return (json(200, data.history(url.searchParams.get("queue"), options)), true);
  if (url.pathname === "/api/v1/orders") return (json(200, { drained: options.quiet ? {} : { vip: { to: "billing", by: "boss", at: data.now() - 60, until: 0 } }, lent: { a2: { skills: { billing: 5 }, by: "boss", at: data.now(), until: data.now() + 3600 } } }), true);
  if (/^\/api\/v1\/contacts\/[^/]+\/explain$/.test(url.pathname)) return (json(200, { verdict: "busy", agent: "", before: 2, fitting: 7, on_duty: 5, preferred: [] }), true);
  if (url.pathname === "/api/v1/broadcasts") return (json(201, { id: "b", told: ["a1", "a2"], away: ["a8"] }), true);
  if (method !== "GET" && /^\/api\/v1\/(contacts|queues|agents)\//.test(url.pathname)) return (json(200, {}), true);
  return false;
}

export const wallSnapshot = (state, language) => data.snapshot(language, state.wall?.options);
