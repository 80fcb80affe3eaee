/** States of what stands beside a conversation. `helpers` are those of shots.mjs. */
import * as scenes from "./scenes.mjs";

export function sideScenes({ language, width }, { desk, agent, sound }) {
  const zh = language === "zh";
  const inTalk = (tab, then) =>
    desk(
      () => ({ agent: agent("in_call", { since: scenes.now() - 31 }), contact: scenes.talk(language) }),
      async (stage) => {
        await sound(stage);
        const { page, mock } = stage;
        if (width < 720) await page.getByTestId(`tab-${tab}`).click();
        mock.push("desk", "cards", {
          contact_id: scenes.talk(language).id,
          cards: [
            { name: "roaming", why: zh ? "没出过国" : "been abroad" },
            { name: "leave", why: zh ? "换别家" : "another company" },
          ],
        });
        await then(stage);
      },
    );
  return {
    "side-do": inTalk("do", async ({ page }) => {
      await page.getByTestId("step-month").check();
      await page.getByTestId("card-roaming").locator("summary").first().click();
      await page.getByTestId("card-useful").click();
    }),
    "side-action": inTalk("do", async ({ page }) => {
      await page.getByTestId("action-refund").click();
      await page.getByTestId("action-field-amount").fill("24");
      await page.getByTestId("action-field-reason").selectOption("wrong_charge");
      await page.getByTestId("action-send").click();
      await page.locator('[data-testid="run"][data-status="done"]').waitFor();
      await page.getByTestId("action-refund").click();
      await page.getByTestId("action-field-amount").fill("2400");
      await page.getByTestId("action-send").click();
      await page.getByTestId("action-form").scrollIntoViewIfNeeded();
    }),
    "side-search": inTalk("do", async ({ page }) => {
      await page.getByTestId("card-search").fill(zh ? "退费" : "refund");
      await page.getByTestId("cards-found").waitFor();
      await page.waitForTimeout(400);
    }),
    "side-who": inTalk("who", async ({ page }) => {
      await page.getByTestId("offer-loyalty").waitFor();
      const past = page.getByTestId("past").filter({ has: page.locator("details") }).first();
      await past.locator("summary").click();
      await past.locator(".story li").first().waitFor();
      await past.scrollIntoViewIfNeeded();
    }),
  };
}
