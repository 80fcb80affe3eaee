/** States of the bar of the desk: given on, asked about, parked, dialled, its devices, its outcomes. */
import * as scenes from "./scenes.mjs";

/** `desk` and `inCall` open the page as in shots.mjs; `agent` is the one whose desk it is. */
export function callScenes({ language, width }, { desk, inCall, agent }) {
  const zh = language === "zh";
  const mia = { kind: "agent", id: "zhao", name: zh ? "赵敏" : "Mia Novak" };
  const id = scenes.contact(language).id;
  const consult = (state, more = {}) =>
    inCall("connected", async ({ mock, page }) => {
      mock.push("desk", "consult", { contact_id: id, state, with: mia, ...more });
      await page.getByTestId("strip-consult").waitFor();
    });
  const idle = (then, more = {}) => desk(() => ({ agent: agent("available"), ...more }), then);
  const wrapping = (then) =>
    desk(
      () => ({
        agent: agent("wrap_up", { since: scenes.now() - 8, until: scenes.now() + 22 }),
        contact: scenes.contact(language, "wrap_up"),
        settings: { ...scenes.settings, dispositions: scenes.outcomes },
      }),
      async (stage) => {
        if (width < 720) await stage.page.getByTestId("tab-do").click();
        await then(stage);
      },
    );
  return {
    "bar-transfer": inCall("connected", async ({ page }) => {
      await page.keyboard.press("t");
      await page.getByTestId("target-agent:zhao").waitFor();
    }),
    "bar-transfer-number": inCall("connected", async ({ mock, page }) => {
      mock.state.refuse.set("transfer", zh ? "按外呼规则，这个号码不能拨打" : "the rules for calls out do not allow this number");
      await page.getByTestId("transfer").click();
      await page.getByTestId("transfer-search").fill("0900 123 456");
      await page.getByTestId("target-0900123456").waitFor();
      await page.getByTestId("transfer-now").click();
      await page.getByTestId("transfer-fault").filter({ hasText: /./ }).waitFor();
    }),
    "bar-consult-calling": consult("calling"),
    "bar-consult": consult("consult"),
    "bar-consult-three": consult("three_way"),
    "bar-consult-failed": consult("failed", { reason: "declined" }),
    "bar-guest": desk(
      () => ({
        agent: agent("in_call", { since: scenes.now() - 3 }),
        contact: scenes.contact(language, "connected", { consult: { by: "zhao", name: mia.name, state: "consult" } }),
      }),
      async ({ page }) => page.getByTestId("strip-guest").waitFor(),
    ),
    "bar-recording": inCall("connected", async ({ mock, page }) => {
      mock.push("desk", "recording", { contact_id: id, state: "on" });
      await page.getByTestId("recording-line").waitFor();
      if (width < 992) await page.getByTestId("more").click();
    }),
    "bar-quality": inCall("connected", async ({ page }) => {
      await page.keyboard.press("q");
      await page.getByTestId("quality-figures").waitFor();
      await page.waitForTimeout(2300);
    }),
    "bar-mic-dead": inCall("connected", async ({ page }) => {
      await page.evaluate(() => (window.hotline.phone.micHealth.value = "dead"));
      await page.getByTestId("notice-mic-dead").waitFor();
    }),
    "bar-mic-instead": idle(async ({ page }) => {
      await page.getByTestId("settings").click();
      await page.getByTestId("mic-test").last().waitFor();
      await page.evaluate(() => (window.hotline.microphone.instead.value = { wanted: "Jabra Evolve2 40", used: "Built-in Audio" }));
      await page.getByTestId("notice-mic-instead").waitFor();
    }),
    "bar-settings": idle(async ({ page }) => {
      await page.keyboard.press("s");
      await page.getByTestId("panel-settings").getByTestId("mic-test").click();
      await page.waitForTimeout(400);
    }),
    "bar-help": idle(async ({ page }) => {
      await page.keyboard.press("?");
      await page.getByTestId("panel-help").waitFor();
    }),
    "bar-dial": idle(async ({ page }) => {
      await page.keyboard.press("n");
      await page.getByTestId("pick-up-701").waitFor();
      await page.getByTestId("dial-number").fill("+86 21 5432");
    }),
    "bar-dialled": idle(async ({ mock, page }) => {
      mock.push("desk", "dialled", { contact_id: "c-4", to: "+862154321000", state: "ended", reason: "busy" });
      await page.getByTestId("strip-dialled").waitFor();
    }),
    "bar-auto": idle(async (stage) => {
      await stage.page.evaluate(() => localStorage.setItem("hotline.desk.auto", "true"));
      await stage.page.reload();
      await stage.page.getByTestId("desk").waitFor();
      await stage.page.getByTestId("settings").click();
      await stage.page.getByTestId("set-auto").waitFor();
      const accepted = new Promise((resolve) => {
        stage.on = (_kind, message) => message.type === "accept" && resolve();
      });
      const contact = scenes.contact(language);
      stage.mock.push("desk", "contact", contact);
      stage.mock.push("desk", "ring", { contact_id: contact.id, until: scenes.now() + 15 });
      await Promise.race([accepted, stage.page.waitForTimeout(5000).then(() => Promise.reject(new Error("never accepted by itself")))]);
    }),
    "bar-monitor": idle(async ({ mock, page }) => {
      mock.push("desk", "monitor", { contact_id: "c-9", mode: "whisper" });
      await page.getByTestId("strip-monitor").waitFor();
    }),
    "bar-outcomes": wrapping(async ({ page }) => {
      await page.getByTestId("branch-complaint").click();
      await page.getByTestId("branch-complaint/roaming").click();
      await page.getByTestId("disposition-complaint/roaming/checked").check();
      await page.getByTestId("follow-three").click();
    }),
    "bar-outcomes-found": wrapping(async ({ page }) => {
      await page.getByTestId("outcome-search").fill(zh ? "漫游" : "roam");
      await page.getByTestId("disposition-complaint/roaming/refund").check();
    }),
  };
}
