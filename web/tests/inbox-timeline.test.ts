import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, expect, it } from "vitest";
import { language, takeIntents } from "../src/i18n";
import type { Entry } from "../src/inbox/model";
import { Timeline } from "../src/inbox/Timeline";

const entry = (more: Partial<Entry>): Entry => ({
  ...{ kind: "call", id: "c-1", at: 1, channel: "sip", title: "", text: "", status: "", agent: "", queue: "", seconds: null, sure: true },
  ...more,
});

afterEach(() => {
  render(null, document.body);
  language.value = "en";
  takeIntents({});
});

it("calls say what was wanted and how they ended in the words of the house", async () => {
  language.value = "zh";
  takeIntents({ late_fee: { zh: "滞纳金", en: "Late fee" } });
  const entries = [entry({ title: "late_fee", status: "follow_up" }), entry({ id: "T-1", kind: "ticket", title: "late_fee", status: "open" })];
  await act(() => render(h(Timeline, { entries }), document.body));
  const [call, ticket] = [...document.querySelectorAll('[data-testid="timeline-entry"]')].map((one) => one.textContent);
  expect(call).toContain("滞纳金需跟进");
  expect(ticket).toContain("late_fee处理中");
});
