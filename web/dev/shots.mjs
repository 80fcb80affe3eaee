/**
 * Walk through every state of the pages in headless Chromium: take pictures, run axe, watch for errors.
 *
 *   npm run build && npm run shots -- OUT_DIR [only]
 *
 * Ends with 1 where axe or the console has something to say.
 */
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { adminScenes } from "./admin-shots.mjs";
import { callScenes } from "./desk-call-shots.mjs";
import { startMock } from "./mock.mjs";
import { wallScenes } from "./wall-shots.mjs";
import { qualityScenes } from "./quality-shots.mjs";
import * as scenes from "./scenes.mjs";
import { sideScenes } from "./side-shots.mjs";

const out = process.argv[2] ?? "/tmp/hotline-shots";
const only = process.argv[3] ?? "";
/** Only looks of this width, where given. */
const width = Number(process.argv[4] ?? 0);
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
];
const LOOKS = [
  { language: "zh", theme: "light", width: 1280, height: 800 },
  { language: "en", theme: "dark", width: 1280, height: 800 },
  { language: "en", theme: "light", width: 1920, height: 1080 },
  { language: "zh", theme: "dark", width: 360, height: 740 },
  { language: "en", theme: "light", width: 360, height: 740 },
  { language: "zh", theme: "light", width: 820, height: 1100 },
];
const problems = { length: 0, push: (words) => void (problems.length += 1, console.log(words)) };

await mkdir(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  ignoreDefaultArgs: ["--headless"],
  args: FLAGS,
});
for (const look of LOOKS.filter((one) => width === 0 || one.width === width)) {
  for (const [name, act] of Object.entries(scenesOf(look))) {
    if (only !== "" && !name.includes(only)) continue;
    await shoot(look, name, act);
  }
}
await browser.close();
console.log(`${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

async function shoot(look, name, act) {
  const stage = { answers: [] };
  const mock = await startMock({
    language: look.language,
    on: (kind, message, peer) => {
      if (message.type === "media_answer") stage.answers.push(message.data);
      stage.on?.(kind, message, peer);
    },
  });
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    bypassCSP: false,
    permissions: ["microphone"],
  });
  await context.addInitScript((code) => localStorage.setItem("hotline.language", code), look.language);
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(`${name}: ${error.message}`));
  page.on("console", (line) => {
    if (line.type() === "error" && !/40[1349]|422|503|WebSocket|ERR_/.test(line.text())) problems.push(`${name}: ${line.text()}`);
  });
  const file = `${name}-${look.width}-${look.language}-${look.theme}`;
  try {
    await act(Object.assign(stage, { mock, page, ...look }));
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(out, `${file}.png`) });
    await check(page, file);
  } catch (error) {
    problems.push(`${file}: ${error.message.split("\n")[0]}`);
    await page.screenshot({ path: join(out, `${file}-FAILED.png`) }).catch(() => undefined);
  }
  await context.close();
  await mock.close();
}

async function check(page, file) {
  // Evaluated by the debugger, so that the page's own policy stays as it is.
  const found = await page.evaluate(`${axe}; axe.run({ resultTypes: ["violations"] })`);
  for (const one of found.violations) {
    problems.push(`${file}: axe ${one.id}: ${one.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ")}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) problems.push(`${file}: ${wide} px too wide`);
}

function scenesOf(look) {
  const { language } = look;
  const name = language === "zh" ? "王芳" : "Anna Berg";
  const agent = (state, more = {}) => scenes.agent(state, { name, ...more });
  const open = async ({ mock, page }, snapshot, query = "?debug=1") => {
    mock.state.signedIn = true;
    mock.state.snapshot = () => ({ queues: scenes.queues(language), contact: null, ring: null, settings: scenes.settings, ...snapshot });
    await page.goto(`${mock.url}/desk${query}`);
    await page.getByTestId("desk").waitFor();
    await page.getByTestId("loading").waitFor({ state: "detached" });
  };
  const desk = (snapshot, then = async () => undefined) => async (stage) => {
    await open(stage, typeof snapshot === "function" ? snapshot() : snapshot);
    await then(stage);
  };
  const inCall = (phase, then) =>
    desk(
      () => ({ agent: agent("in_call", { since: scenes.now() - 31 }), contact: scenes.contact(language, phase) }),
      async (stage) => {
        await sound(stage);
        await then?.(stage);
      },
    );
  const calling = (phases, then) => async (stage) => {
    stage.on = (kind, message, peer) => {
      if (kind !== "call" || message.type !== "start") return;
      for (const [type, data] of phases) peer.push(type, data);
    };
    await stage.page.goto(`${stage.mock.url}/call?debug=1`);
    await stage.page.getByTestId("dial").click();
    await then?.(stage);
  };
  const talk = scenes.captions(language).map((turn) => ["caption", turn]);
  return {
    ...adminScenes(look),
    ...sideScenes(look, { desk, agent, sound }),
    ...wallScenes(look),
    ...qualityScenes(look),
    ...callScenes(look, { desk, inCall, agent }),
    start: async ({ mock, page }) => {
      await page.goto(mock.url);
      await page.getByTestId("sip-address").waitFor();
    },
    "start-down": async ({ mock, page }) => {
      mock.state.health = false;
      await page.goto(mock.url);
      await page.getByTestId("health").waitFor();
    },
    "desk-login": async ({ mock, page }) => {
      await page.goto(`${mock.url}/desk`);
      await page.getByTestId("login-user").fill("wang");
      await page.getByTestId("login-password").fill("wrong");
      await page.getByTestId("login-submit").click();
      await page.getByTestId("login-error").filter({ hasText: /./ }).waitFor();
    },
    "desk-offline": desk({ agent: agent("offline") }),
    "desk-available": desk({ agent: agent("available") }, async ({ page }) => {
      await page.getByTestId("mic-test").click();
      await page.waitForTimeout(400);
    }),
    "desk-break": desk({ agent: agent("break", { reason: "meal" }), queues: [] }),
    "desk-ring": desk({ agent: agent("available") }, async (stage) => {
      const shown = new Promise((resolve) => {
        stage.on = (_kind, message) => message.type === "shown" && resolve();
      });
      stage.mock.push("desk", "agent", agent("reserved", { since: scenes.now() - 3 }));
      const contact = scenes.contact(language);
      stage.mock.push("desk", "contact", contact);
      await Promise.race([shown, stage.page.waitForTimeout(3000).then(() => Promise.reject(new Error("never shown")))]);
      stage.mock.push("desk", "ring", { contact_id: contact.id, until: scenes.now() + 14.5 });
      await stage.page.getByTestId("accept").waitFor();
      await expectOrder(stage.page);
    }),
    "desk-call": inCall("connected", async ({ page }) => {
      if (look.width < 720) await page.getByTestId("tab-do").click();
      await page.getByTestId("note").fill(language === "zh" ? "漫游费有争议，客户未出国。" : "Disputes roaming; was not abroad.");
      await page.locator('[data-testid="note-state"][data-state="saved"]').waitFor();
      await page.getByTestId("disposition-follow_up").check();
      if (look.width < 720) await page.getByTestId("tab-conversation").click();
    }),
    "desk-talk": desk(
      () => ({ agent: agent("in_call", { since: scenes.now() - 31 }), contact: scenes.talk(language) }),
      async (stage) => {
        await sound(stage);
        const { id, handover } = scenes.talk(language);
        stage.mock.push("desk", "alert", { contact_id: id, queue: scenes.queues(language)[0].name, agent: "", caller: "", trigger: handover.triggers[0] });
        await stage.page.getByTestId("notice-alert").waitFor();
        await stage.page.getByTestId("hint").waitFor();
      },
    ),
    "desk-talk-who": desk(
      () => ({ agent: agent("in_call", { since: scenes.now() - 31 }), contact: scenes.talk(language) }),
      async (stage) => {
        await sound(stage);
        if (look.width < 720) await stage.page.getByTestId("tab-who").click();
        else await stage.page.getByTestId("hints").click();
      },
    ),
    "desk-keys": inCall("connected", async ({ page }) => {
      await page.keyboard.press("d");
      await page.keyboard.type("12#");
      await page.keyboard.press("m");
    }),
    "desk-who": inCall("held", async ({ page }) => {
      if (look.width < 720) await page.getByTestId("tab-who").click();
    }),
    "desk-wrap": desk(
      () => ({ agent: agent("wrap_up", { since: scenes.now() - 8, until: scenes.now() + 22 }), contact: scenes.contact(language, "wrap_up") }),
      async ({ page }) => {
        if (look.width < 720) await page.getByTestId("tab-do").click();
      },
    ),
    "desk-lost": inCall("connected", async ({ mock, page }) => {
      mock.state.down = true;
      mock.drop();
      await page.getByTestId("notice-link-lost").waitFor();
    }),
    "desk-refused": inCall("connected", async ({ mock, page }) => {
      mock.state.refuse.set("hold", language === "zh" ? "来电人已挂断" : "the caller has hung up");
      await page.getByTestId("hold").click();
      await page.getByTestId("notice-notice").waitFor();
    }),
    "desk-replaced": desk({ agent: agent("available") }, async ({ mock, page }) => {
      for (const peer of mock.state.peers) peer.ws.close(4001, "replaced");
      await page.getByTestId("replaced").waitFor();
    }),
    "desk-mic-denied": async (stage) => {
      await stage.page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
      });
      await open(stage, { agent: agent("available") });
      await stage.page.getByTestId("mic-test").click();
      await stage.page.getByTestId("notice-mic-bad").waitFor();
    },
    call: async ({ mock, page }) => {
      await page.goto(`${mock.url}/call`);
      await page.getByTestId("mic-test").click();
      await page.waitForTimeout(400);
    },
    "call-bot": calling([["phase", { phase: "bot" }], ...talk], async (stage) => {
      await stage.page.locator('[data-phase="bot"]').waitFor();
      await sound(stage, "call");
      await stage.page.keyboard.type("12#");
    }),
    "call-queue": calling([["phase", { phase: "bot" }], ...talk, ["phase", { phase: "queue", position: 2, estimate: 65 }]], async ({ page }) =>
      page.locator('[data-phase="queue"]').waitFor(),
    ),
    "call-agent": calling([["phase", { phase: "bot" }], ...talk, ["phase", { phase: "agent", agent: name }]], async ({ page }) => {
      await page.locator('[data-phase="agent"]').waitFor();
      await page.getByTestId("mute").click();
    }),
    "call-ended": calling([["phase", { phase: "bot" }], ...talk, ["ended", { cause: "released" }]], async ({ page }) =>
      page.locator('[data-phase="ended"]').waitFor(),
    ),
    "call-busy": calling([["ended", { cause: "busy" }]], async ({ page }) => page.locator('[data-cause="busy"]').waitFor()),
    "call-denied": async (stage) => {
      await stage.page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
      });
      await stage.page.goto(`${stage.mock.url}/call`);
      await stage.page.getByTestId("dial").click();
      await stage.page.locator('[data-cause="microphone"]').waitFor();
    },
    "call-down": async ({ mock, page }) => {
      await page.goto(`${mock.url}/call`);
      mock.state.down = true;
      await page.getByTestId("dial").click();
      await page.locator('[data-cause="unreachable"]').waitFor();
    },
  };
}

/** The story is on the screen before the bell. */
async function expectOrder(page) {
  const { contact_shown: shown, ring_sound: ring } = await page.evaluate(() => window.hotline.events);
  if (!(shown <= ring)) throw new Error(`rang at ${ring}, shown at ${shown}`);
}

/** A far end inside the page stands for the server: it offers, sends 440 Hz and takes the answer. */
async function sound(stage, kind = "desk") {
  const sdp = await stage.page.evaluate(async () => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: 440 });
    const end = context.createMediaStreamDestination();
    tone.connect(end);
    tone.start();
    const peer = new RTCPeerConnection();
    window.farEnd = peer;
    peer.addTrack(end.stream.getAudioTracks()[0], end.stream);
    await peer.setLocalDescription(await peer.createOffer());
    while (peer.iceGatheringState !== "complete") await new Promise((resolve) => setTimeout(resolve, 10));
    return peer.localDescription.sdp;
  });
  const before = stage.answers.length;
  stage.mock.push(kind, "media_offer", { leg_id: "leg-1", sdp });
  while (stage.answers.length === before) await stage.page.waitForTimeout(10);
  const answer = stage.answers.at(-1).sdp;
  await stage.page.evaluate((text) => window.farEnd.setRemoteDescription({ type: "answer", sdp: text }), answer);
  if (kind === "desk") stage.mock.push(kind, "media", { leg_id: "leg-1", state: "connected" });
  await stage.page.waitForFunction(() => window.hotline.phone.state.value === "connected", null, { timeout: 5000 });
  await stage.page.waitForFunction(() => window.hotline.level(440).db > -20, null, { timeout: 5000 });
  const other = await stage.page.evaluate(() => window.hotline.level(1000).db);
  if (other > -40) throw new Error(`1000 Hz is at ${other} dB in a 440 Hz tone`);
}
