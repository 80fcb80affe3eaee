/** What stands beside a conversation, for looking at: a small book, ticks that are kept, actions that take a moment. */
import { now } from "./scenes.mjs";

const nowhere = { channel: [], queue: [], intent: [], tag: [], tier: [], language: [], mood: [], product: [], role: [] };
const both = (zh, en) => ({ zh, en });

const CARDS = [
  ["roaming", both("漫游费怎么算", "How roaming is charged"), ["bill"], both("按使用当天的网络所在国计费，凌晨零点（当地时间）换日。\n没出过国却有漫游费：多半是边境城市连上了邻国基站。查话单里的网络代码，属实就全额退费。", "Charged by the country of the network on the day it was used.\nRoaming without having been abroad: most likely a mast across the border. Look at the network code; if it is so, refund all of it.")],
  ["refund_rules", both("退费规则", "When we refund"), ["bill"], both("三十天内、二百元以下，坐席可直接退。", "Within 30 days and up to 200 an agent refunds at once.")],
  ["bill_items", both("账单上有哪些项", "What stands on a bill"), ["bill"], both("月租、套外流量、增值业务。", "Monthly fee, data beyond the plan, extra services.")],
  ["leave", both("客户想离网", "A customer wants to leave"), ["complaint"], both("先问原因，不劝退两次以上。", "Ask why; try to keep them once, not twice.")],
  ["identity", both("核实身份", "Who is it"), ["bill"], both("姓名加服务密码后四位。", "Name and the last four of the service password.")],
].map(([name, title, tags, text]) => ({ name, title, tags, text, link: "", uses: {} }));

export const book = {
  version: "1",
  scenes: [
    {
      name: "bill",
      title: both("账单", "Bill"),
      fits: { ...nowhere, intent: ["bill"] },
      who: ["caller", "mood", "intent", "callback", "handover", "offers", "tickets", "facts", "why", "history"],
      do: ["lines", "procedure", "cards", "actions", "advice", "wrap_up"],
      procedure: "bill_dispute",
      lines: ["recorded", "deadline"],
      actions: ["resend_invoice", "refund", "open_case"],
      tags: ["bill"],
    },
  ],
  cards: CARDS.map(({ name, title, tags }) => ({ name, title, tags })),
  procedures: [
    {
      name: "bill_dispute",
      title: both("账单有疑问", "A bill in doubt"),
      steps: [
        { name: "month", text: both("确认月份和金额。", "Which month, which amount.") },
        { name: "item", text: both("逐项说明，先说最大的一项。", "Explain item by item, the largest first.") },
        { name: "wrong", text: both("如有误，当场退费或开单。", "If it is wrong: refund now, or a ticket.") },
        { name: "prevent", text: both("告诉客户以后怎样避免。", "Say how to avoid it.") },
      ],
    },
  ],
  lines: [
    { name: "recorded", text: both("为保证服务质量，本次通话会被录音。", "This call is recorded so that we can serve you better."), said: both(["会被录音"], ["call is recorded"]), within: 20 },
    { name: "deadline", text: both("我们会在两个工作日内答复您。", "We will answer within two working days."), said: {}, within: 0 },
  ],
  actions: [
    {
      name: "resend_invoice",
      title: both("重发账单", "Send the invoice again"),
      hook: "shop",
      roles: [],
      confirm: {},
      fields: [{ name: "to", title: both("邮箱或手机", "E-mail or number"), type: "text", choices: {}, default: "caller.number", required: true, least: null, most: null }],
    },
    {
      name: "refund",
      title: both("退费", "Refund"),
      hook: "shop",
      roles: [],
      confirm: both("退 {amount} 元，确定吗？", "Refund {amount}?"),
      fields: [
        { name: "amount", title: both("金额", "Amount"), type: "number", choices: {}, default: "slots.amount", required: true, least: 0.01, most: 200 },
        { name: "reason", title: both("原因", "Reason"), type: "choice", choices: { wrong_charge: both("误扣", "Wrong charge"), faulty: both("质量问题", "Faulty") }, default: "", required: true, least: null, most: null },
      ],
    },
    { name: "open_case", title: both("升级给主管", "Escalate to a supervisor"), hook: "shop", roles: ["senior"], confirm: {}, fields: [] },
  ],
  offers: [
    { name: "loyalty", title: both("老客户九折", "10 % for loyal customers"), text: both("金卡客户续约十二个月，月费九折。", "Gold customers who stay for twelve months pay 10 % less."), fits: { ...nowhere, tier: ["gold"] }, action: "" },
  ],
  frames: [],
};

const DAY = 86_400;

function past(language) {
  const zh = language === "zh";
  const at = now();
  return [
    { kind: "ticket", id: "T-001042", at: at - 2 * DAY, title: zh ? "测速不达标" : "Speed test below contract", result: "open", agent: "emma", open: true, due_at: at + 0.8 * DAY, priority: "high" },
    { kind: "call", id: "c-1", at: at - 2 * DAY, title: "fault", result: "follow_up", agent: "emma", open: false, channel: "sip", summary: "" },
    { kind: "survey", id: "s-1", at: at - 2 * DAY + 60, title: "csat", result: "3", agent: "emma", open: false },
    { kind: "callback", id: "C-000012", at: at - 9 * DAY, title: zh ? "忙线回访" : "All lines were busy", result: "done", agent: "", open: false },
    { kind: "voicemail", id: "v-1", at: at - 33 * DAY, title: zh ? "我想问一下套餐到期的事" : "I wanted to ask about the end of my contract", result: "", agent: "", open: false },
  ];
}

/** Answers what the desk asks of its workbench; null where that is none of it. */
export function sideMock({ language, push }) {
  const marks = [];
  const runs = [];
  let number = 0;
  const act = ({ id, action, fields }) => {
    const run = { id, action, fields, status: "waiting", attempts: 1, reason: "", answer: {}, agent_id: "wang", created_at: now(), updated_at: now() };
    runs.push(run);
    number += 1;
    const message = language === "zh" ? "三天到账。" : "It goes back within three days.";
    const done = { ...run, status: "done", updated_at: now() + 1, answer: { message, data: { refund: `R-${1040 + number}` } } };
    return { run, done };
  };
  return (method, url, body) => {
    const path = url.pathname;
    if (!path.startsWith("/api/v1/desk/")) return null;
    if (path === "/api/v1/desk/book") return [200, book];
    if (path === "/api/v1/desk/cards") {
      const query = (url.searchParams.get("q") ?? "").toLowerCase();
      const told = (card) => JSON.stringify(card).toLowerCase().includes(query);
      return [200, { cards: CARDS.filter((card) => query === "" || told(card)) }];
    }
    const [, , , , kind, id, what] = path.split("/");
    if (kind === "cards") return [200, CARDS.find((card) => card.name === id) ?? {}];
    if (what === "work") return [200, { marks, runs, recordings: [{ started_at: now() - 3600, seconds: null }] }];
    if (what === "past" && path.split("/").length > 7) {
      const turns = [{ at: now() - 2 * DAY, speaker: "caller", text: language === "zh" ? "晚上网速特别慢" : "In the evening it is very slow", language, medium: "speech" }];
      return [200, { summary: language === "zh" ? "晚间网速慢，已派单。" : "Slow in the evening; an engineer was sent.", note: "", turns }];
    }
    if (what === "past") return [200, { past: past(language) }];
    if (what === "marks") {
      const at = marks.findIndex((one) => one.kind === body.kind && one.name === body.name);
      if (at >= 0) marks.splice(at, 1);
      if (body.value !== "") marks.push({ ...body, at: now() });
      return [200, body];
    }
    if (what === "actions") {
      const { run, done } = act(body);
      setTimeout(() => push("action", { contact_id: id, run: done }), 400);
      return [202, { run }];
    }
    return [404, { error: { code: "not_found", message: "not here" } }];
  };
}
