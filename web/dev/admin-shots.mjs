/** Every state of the admin pages, for `npm run shots -- DIR admin`. */

export function adminScenes(look) {
  const narrow = look.width < 992;
  const open = async ({ mock, page }, hash, wait) => {
    mock.state.signedIn = true;
    await page.goto(`${mock.url}/admin${hash}`);
    await page.getByTestId(wait).first().waitFor();
  };
  const editor = async ({ page }) => {
    await page.locator(".cm-content").first().waitFor({ state: "attached" });
    await page.locator("[data-testid=diagram-canvas] svg, [data-testid=simulator], [data-testid=tests], .text .cm-content").first().waitFor({ state: "attached" });
  };
  const flow = (then = async () => undefined) => async (stage) => {
    await open(stage, "#/flows/telecom", "flow");
    await editor(stage);
    await stage.page.waitForTimeout(700);
    await then(stage);
  };
  const text = async ({ page }) => {
    if (narrow) await page.getByTestId("panel-text").click();
  };
  const type = async (stage, words) => {
    await text(stage);
    await stage.page.locator("[data-testid=editor] .cm-content").click();
    await stage.page.keyboard.press("Control+End");
    await stage.page.keyboard.type(words);
  };
  return {
    "admin-login": async ({ mock, page }) => {
      await page.goto(`${mock.url}/admin`);
      await page.getByTestId("login").waitFor();
    },
    "admin-flow": flow(async (stage) => {
      await stage.page.locator("[data-state=main]").first().dispatchEvent("click");
      await stage.page.waitForTimeout(300);
      if (narrow) await stage.page.getByTestId("panel-diagram").click();
    }),
    "admin-flow-text": flow(text),
    "admin-flow-error": flow(async (stage) => {
      await type(stage, "\n  oops:\n    goto: mian\n");
      await stage.page.locator("[data-testid=problems]:not([data-errors='0'])").waitFor();
      await stage.page.getByTestId("problem-place").first().click();
      await stage.page.waitForTimeout(300);
    }),
    "admin-flow-broken": async (stage) => {
      stage.mock.state.admin.state.flows[0].text = "oops";
      await flow(async ({ page }) => {
        if (narrow) await page.getByTestId("panel-diagram").click();
        await page.getByTestId("diagram-none").waitFor();
        if (!narrow) return;
        await page.getByTestId("diagram-problems").click();
        await page.locator("main[data-panel=text]").waitFor();
        await page.getByTestId("panel-diagram").click();
      })(stage);
    },
    "admin-flow-complete": flow(async (stage) => {
      await type(stage, "\n  oops:\n    goto: ");
      await stage.page.keyboard.type("re");
      await stage.page.locator(".cm-tooltip-autocomplete").waitFor();
    }),
    "admin-flow-hover": flow(async (stage) => {
      await text(stage);
      await stage.page.evaluate(() => undefined);
      await stage.page.locator("[data-testid=editor] .cm-line", { hasText: "not_heard" }).first().locator("span", { hasText: "not_heard" }).first().hover();
      await stage.page.locator(".cm-tooltip .card").waitFor();
    }),
    "admin-flow-stale": flow(async (stage) => {
      await type(stage, "\n# mine\n");
      stage.mock.state.admin.state.flows[0].text = `# theirs\n${stage.mock.state.admin.state.flows[0].text}`;
      await stage.page.getByTestId("stale-open").click();
      await stage.page.getByTestId("stale-dialog").waitFor();
    }),
    "admin-flow-lost": flow(async (stage) => {
      stage.mock.state.down = true;
      stage.mock.drop();
      await type(stage, "\n# typed without a connection\n");
      await stage.page.getByTestId("notice-link-lost").waitFor();
      await stage.page.locator("[data-testid=keeping][data-state=offline]").waitFor();
    }),
    "admin-try": flow(async ({ page }) => {
      await page.getByTestId("panel-try").click();
      await page.getByTestId("log-bot").first().waitFor();
      for (const words of look.language === "zh" ? ["查账单", "不用了"] : ["check my bill", "no thanks"]) {
        await page.getByTestId("try-say").fill(words);
        await page.getByTestId("try-send").click();
        await page.getByTestId("log-caller").last().filter({ hasText: words }).waitFor();
      }
    }),
    "admin-try-given": flow(async ({ page }) => {
      await page.getByTestId("panel-try").click();
      await page.getByTestId("log-bot").first().waitFor();
      await page.getByTestId("try-setup").click();
    }),
    "admin-tests": flow(async ({ page }) => {
      await page.getByTestId("panel-tests").click();
      await page.getByTestId("tests-run").click();
      await page.getByTestId("case").first().waitFor();
    }),
    "admin-coverage": flow(async ({ page }) => {
      await page.getByTestId("panel-tests").click();
      await page.getByTestId("tests-run").click();
      await page.getByTestId("case").first().waitFor();
      await page.getByTestId("panel-diagram").click();
      await page.waitForTimeout(900);
    }),
    "admin-publish": flow(async (stage) => {
      await type(stage, "\n# a note\n");
      await stage.page.getByTestId("publish").click();
      await stage.page.getByTestId("publish-note").fill(look.language === "zh" ? "更换问候语" : "new greeting");
    }),
    "admin-versions": async (stage) => {
      await open(stage, "#/versions/telecom", "version-list");
      await stage.page.getByTestId("diff").waitFor();
    },
    "admin-prompts": async (stage) => open(stage, "#/prompts", "prompt-list"),
    "admin-prompt": async (stage) => {
      await open(stage, "#/prompts/choose_language", "wave");
    },
    "admin-prompt-trim": async (stage) => {
      await open(stage, "#/prompts/choose_language", "wave");
      await stage.page.getByTestId("trim-zh").click();
      await stage.page.getByTestId("take").waitFor();
    },
    "admin-queues": async (stage) => {
      await open(stage, "#/queues", "form");
      await stage.page.getByTestId("show-yaml").click();
    },
    "admin-queues-wrong": async (stage) => {
      await open(stage, "#/queues", "form");
      await stage.page.getByTestId("field-support.ring").fill("soon");
      await stage.page.getByTestId("form-save").click();
      await stage.page.getByTestId("field-problem").waitFor();
    },
    "admin-agents": async (stage) => open(stage, "#/queues/agents", "form"),
    "admin-skills": async (stage) => open(stage, "#/queues/skills", "skills"),
    "admin-hours": async (stage) => open(stage, "#/hours", "form"),
    "admin-hours-none": async (stage) => {
      delete stage.mock.state.admin.state.parts.hours;
      await open(stage, "#/hours", "form-none");
    },
    "admin-trunks": async (stage) => {
      await open(stage, "#/trunks", "form");
      await stage.page.getByTestId("add-name-trunks").fill("carrier");
      await stage.page.getByTestId("add-trunks").click();
      await stage.page.getByTestId("entry-carrier").waitFor();
    },
  };
}
