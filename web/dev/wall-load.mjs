/**
 * How the wallboard takes a storm: 300 agents, 1,000 events a second, one row each, for ten seconds.
 *
 *   npm run build && node dev/wall-load.mjs [events a second]
 *
 * Prints when the board was first painted and stood, how long frames took, and whether every event arrived in order.
 */
import { chromium } from "playwright-core";
import { startMock } from "./mock.mjs";
import { wallSnapshot } from "./wall-shots.mjs";

const rate = Number(process.argv[2] ?? 1000);
const SECONDS = 10;
const mock = await startMock({ language: "en" });
mock.state.signedIn = true;
mock.state.roles = ["supervisor"];
mock.state.wall = { options: { agents: 300 } };
const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
await page.goto(`${mock.url}/wall`);
await page.locator("[data-testid=wall][data-ready=true]").waitFor();
const stood = await page.evaluate(() => performance.now());
const painted = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null);
await page.evaluate(() => {
  window.frames_ = [];
  let last = performance.now();
  const next = (at) => {
    window.frames_.push(at - last);
    last = at;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
});
// The page's own work in CPU time, whatever else the machine does.
const cdp = await page.context().newCDPSession(page);
await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
const worked = async () => (await cdp.send("Performance.getMetrics")).metrics.find((one) => one.name === "TaskDuration").value;
const before = await worked();
const rows = wallSnapshot(mock.state, "en").agents;
const states = ["available", "in_call", "wrap_up", "break"];
let sent = 0;
const began = performance.now();
while (performance.now() - began < SECONDS * 1000) {
  while (sent < ((performance.now() - began) / 1000) * rate) {
    const row = rows[sent % rows.length];
    mock.push("wall", "agents", { agents: [{ ...row, state: states[(sent + Math.floor(sent / rows.length)) % 4], served: sent }], gone: [] });
    sent += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
}
const cpu = (await worked()) - before;
await page.waitForTimeout(500);
const frames = (await page.evaluate(() => window.frames_)).sort((a, b) => a - b);
const share = (part) => Math.round(frames[Math.min(frames.length - 1, Math.floor(frames.length * part))] * 10) / 10;
const last = rows[(sent - 1) % rows.length];
const state = states[(sent - 1 + Math.floor((sent - 1) / rows.length)) % 4];
const drawn = await page.locator(`[data-testid="agent-${last.id}"][data-state="${state}"]`).waitFor({ state: "attached", timeout: 10_000 }).then(() => true, () => false);
console.log(JSON.stringify({ rate, sent, first_paint_ms: painted && Math.round(painted), board_ms: Math.round(stood), frames: frames.length, frame_ms: { p50: share(0.5), p95: share(0.95), p99: share(0.99), most: share(1) }, cpu_share: Math.round((cpu / SECONDS) * 100) / 100, last_row: drawn }));
await browser.close();
await mock.close();
