/** Every state of the quality page, for `npm run shots -- DIR quality`. */
export function qualityScenes(look) {
  const zh = look.language === "zh";
  const open = async ({ mock, page }, place, { roles = ["quality"], id = "chen", ...options } = {}) => {
    mock.state.signedIn = true;
    mock.state.roles = roles;
    mock.state.who = { id, name: zh ? { chen: "陈静", wang: "王芳" }[id] : { chen: "Clara Kim", wang: "Anna Berg" }[id] };
    mock.state.quality = options;
    await page.goto(`${mock.url}/quality#/${place}`);
    await page.locator("[data-testid=quality][data-ready=true]").waitFor();
    await page.waitForTimeout(400);
  };
  const at = (place, options = {}, then = async () => undefined) => async (stage) => {
    await open(stage, place, options);
    await then(stage);
  };
  const agent = { roles: ["agent"], id: "wang" };
  const long = (then) => async (stage) => {
    await stage.page.setViewportSize({ width: look.width, height: look.width < 500 ? 3400 : look.height });
    await then(stage);
  };
  return {
    "quality-login": async ({ mock, page }) => {
      await page.goto(`${mock.url}/quality`);
      await page.getByTestId("login").waitFor();
    },
    "quality-work": at("work"),
    "quality-work-none": at("work", { empty: true }),
    "quality-work-down": at("work", { down: true }),
    "quality-find": at("find"),
    "quality-words": at(`find?q=${encodeURIComponent(zh ? "上个月" : "last month")}`),
    "quality-words-none": at("find?q=zebra", { empty: true }),
    "quality-contact": at("contact/c-0", { kind: "draft" }),
    "quality-unrecorded": at("contact/c-3", { kind: "draft" }),
    "quality-review": at("review/r-0?at=33", { kind: "draft" }, async ({ page }) => {
      await page.getByTestId("question-calming").getByTestId("value-2").check();
      await page.locator("[data-testid=kept][data-kept=saved]").waitFor();
    }),
    "quality-review-long": long(at("review/r-0", { kind: "draft" }, async ({ page }) => {
      await page.getByTestId("question-solved").getByTestId("value-with_date").check();
      await page.getByTestId("question-solved").getByTestId("comment-open").click();
      await page.getByTestId("question-solved").getByTestId("comment").fill(zh ? "说清了时间，很好。" : "Said when: good.");
      await page.getByTestId("question-solved").scrollIntoViewIfNeeded();
      await page.locator("[data-testid=kept][data-kept=saved]").waitFor();
    })),
    "quality-lost": at("review/r-0", { kind: "draft" }, async ({ mock, page }) => {
      mock.state.quality.down = true;
      await page.getByTestId("question-calming").getByTestId("value-3").check();
      await page.locator("[data-testid=kept][data-kept=offline]").waitFor();
    }),
    "quality-calibrate": at("contact/c-0", { kind: "draft" }, async ({ page }) => {
      await page.getByTestId("calibrate").click();
      await page.getByTestId("evaluator-boss").check();
      await page.getByTestId("calibrate-form").scrollIntoViewIfNeeded();
    }),
    "quality-calibrations": at("calibrations"),
    "quality-calibration": at("calibration/k-1"),
    "quality-calibrated": at("calibration/k-1", { calibration: "closed" }),
    "quality-appeals": at("appeals"),
    "quality-decide": at("review/r-0", { kind: "appealed" }, async ({ page }) => {
      await page.getByTestId("decide-recorded").getByTestId("decide-grant").click();
      await page.getByTestId("decide-why").fill(zh ? "0:04 处确有播报。" : "It is heard at 0:04.");
      await page.getByTestId("decide-recorded").scrollIntoViewIfNeeded();
    }),
    "quality-settled": at("review/r-0", { kind: "settled", ...agent }),
    "quality-coaching": at("coaching"),
    "quality-agents": long(at("agents", {}, async ({ page }) => page.locator("[data-testid=plot][data-drawn=true] canvas").waitFor())),
    "quality-mine": at("mine", agent, async ({ page }) => page.locator("[data-testid=plot][data-drawn=true] canvas").waitFor()),
    "quality-mine-none": at("mine", { ...agent, empty: true }),
    "quality-own": at("review/r-0", { kind: "published", ...agent }),
    "quality-appeal": at("review/r-0", { kind: "published", ...agent }, async ({ page }) => {
      await page.getByTestId("appeal-open").click();
      await page.getByTestId("dispute-recorded").check();
      await page.getByTestId("dispute-why-recorded").fill(zh ? "机器人开头已经播报过录音提示。" : "The bot had said it at the beginning.");
    }),
  };
}
