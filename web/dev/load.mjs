/**
 * How the wallboard and the desk take a storm, in Chromium, from the stand-in server: ten seconds of 1,000 events each.
 *
 *   npm run build && npm run load [-- wall|desk [EVENTS A SECOND]]
 *
 * One line of JSON each: when the page was first painted and stood, how long its frames took and how many of them were longer than
 * 50 ms, how many tasks of the page held it for longer than that, its own work as a share of a core, and whether the last event is
 * on the screen. Frames are those of a screen without a graphics card; what else the machine does is in them.
 */
import { loadavg } from "node:os";
import { chromium } from "playwright-core";
import { startMock } from "./mock.mjs";
import * as scenes from "./scenes.mjs";
import { wallSnapshot } from "./wall-shots.mjs";

const SECONDS = 10;
const [which = "", given = "1000"] = process.argv.slice(2);
const rate = Number(given);
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
});
for (const [name, storm] of Object.entries({ wall, desk })) if (which === "" || which === name) await run(name, storm);
await browser.close();

async function run(name, storm) {
  const load = Math.round(loadavg()[0] * 10) / 10;
  const mock = await startMock({ language: "en" });
  mock.state.signedIn = true;
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 }, permissions: ["microphone"] });
  const { send, seen } = await storm(mock, page);
  const stood = await page.evaluate(() => Math.round(performance.now()));
  const painted = await page.evaluate(() => Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1));
  // What the page does once in its life (its font, its chart) is not the storm's.
  await page.waitForTimeout(1500);
  await page.evaluate(() => {
    window.frames_ = [];
    window.tasks_ = [];
    new PerformanceObserver((list) => window.tasks_.push(...list.getEntries().map((one) => one.duration))).observe({ type: "longtask" });
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
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < SECONDS * 1000) {
    while (sent < ((performance.now() - began) / 1000) * rate) send(sent++);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const cpu = (await worked()) - before;
  const last = await seen(sent - 1);
  const { frames, tasks } = await page.evaluate(() => ({ frames: window.frames_, tasks: window.tasks_ }));
  const sorted = frames.toSorted((a, b) => a - b);
  const share = (part) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))], 10);
  console.log(
    JSON.stringify({
      page: name,
      rate,
      sent,
      first_paint_ms: painted,
      stood_ms: stood,
      frames: frames.length,
      frame_ms: { p50: share(0.5), p95: share(0.95), p99: share(0.99), most: share(1) },
      frames_over_50_ms: frames.filter((one) => one > 50).length,
      tasks_over_50_ms: tasks.length,
      longest_task_ms: round(Math.max(0, ...tasks), 1),
      cpu_share: round(cpu / SECONDS, 100),
      last_on_screen: last,
      load_before: load,
    }),
  );
  await page.close();
  await mock.close();
}

function round(value, by) {
  return Math.round(value * by) / by;
}

async function onScreen(locator) {
  return locator.waitFor({ state: "attached", timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

/** 300 agents, of whom one changes with each event. */
async function wall(mock, page) {
  mock.state.roles = ["supervisor"];
  mock.state.wall = { options: { agents: 300 } };
  await page.goto(`${mock.url}/wall`);
  await page.locator("[data-testid=wall][data-ready=true]").waitFor();
  const rows = wallSnapshot(mock.state, "en").agents;
  const states = ["available", "in_call", "wrap_up", "break"];
  const stateOf = (n) => states[(n + Math.floor(n / rows.length)) % 4];
  return {
    send: (n) => mock.push("wall", "agents", { agents: [{ ...rows[n % rows.length], state: stateOf(n), served: n }], gone: [] }),
    seen: (n) => onScreen(page.locator(`[data-testid="agent-${rows[n % rows.length].id}"][data-state="${stateOf(n)}"]`)),
  };
}

/** A long talk: 200 turns, ten more in a second, and otherwise what is being said, who waits, and how the talk goes. */
async function desk(mock, page) {
  const contact = scenes.talk("en");
  const turn = (n, text) => ({ ...contact.turns[0], at: contact.started_at + n, speaker: n % 2 === 0 ? "caller" : "agent", text, medium: "speech" });
  contact.turns = Array.from({ length: 200 }, (_, n) => turn(n, `What was said as number ${n}, and a few words more.`));
  mock.state.snapshot = () => ({
    agent: scenes.agent("in_call", { name: "Anna Berg" }),
    queues: scenes.queues("en"),
    contact,
    ring: null,
    settings: scenes.settings,
  });
  await page.goto(`${mock.url}/desk`);
  await page.getByTestId("turn").nth(199).waitFor();
  const id = contact.id;
  const perTurn = Math.max(1, Math.round(rate / 10));
  const talk = contact.handover.talk;
  return {
    send: (n) => {
      const index = 200 + Math.floor(n / perTurn);
      if (n % 5 === 3) mock.push("desk", "queues", { queues: scenes.queues("en").map((one) => ({ ...one, waiting: n % 40 })) });
      else if (n % 5 === 4) mock.push("desk", "measures", { contact_id: id, talk: { ...talk, seconds: n / 10 } });
      else mock.push("desk", "turn", { contact_id: id, index, turn: turn(index, `word after word ${n}`) });
    },
    // The last event may be one of figures: the turn that came before it is looked for.
    seen: (n) => onScreen(page.getByText(`word after word ${n - Math.max(0, (n % 5) - 2)}`, { exact: true })),
  };
}
