/** Made-up people and words for looking at the pages without a telephone. */
const DAY = 86_400;

const turn = (at, speaker, text, language, confidence = null, medium = "speech", intent = "") => ({
  at,
  speaker,
  text,
  language,
  medium,
  confidence,
  state: "main",
  intent,
});

export function agent(state, { name = "王芳", since = now() - 134, reason = "", until = null } = {}) {
  return { id: "wang", name, state, reason, since, until, skills: { telecom: 5, billing: 4 }, languages: ["zh", "en"] };
}

export const now = () => Date.now() / 1000;

export function queues(language) {
  return language === "zh"
    ? [
        { name: "客服", waiting: 3, longest_since: now() - 41 },
        { name: "账单", waiting: 0, longest_since: null },
      ]
    : [
        { name: "support", waiting: 3, longest_since: now() - 41 },
        { name: "billing", waiting: 0, longest_since: null },
      ];
}

export const settings = {
  ring_seconds: 20,
  wrap_up_seconds: 30,
  dispositions: ["solved", "follow_up", "transferred", "wrong_number"],
};

export function contact(language, phase = "offered", changes = {}) {
  const start = now() - 96;
  const base = language === "zh" ? chinese(start) : english(start);
  const answered = phase === "offered" || phase === "connecting" ? null : now() - 31;
  return {
    id: `c-${language}-7f3a`,
    phase,
    channel: "sip",
    tags: [],
    needs: { telecom: 2 },
    started_at: start,
    queued_at: start + 24,
    answered_at: answered,
    held: phase === "held",
    note: "",
    ...base,
    ...changes,
  };
}

function chinese(start) {
  return {
    queue: "客服",
    language: "zh",
    caller: { number: "+86 138 0013 8000", name: "李强", authenticated: false },
    profile: {
      name: "李强",
      tier: "gold",
      products: ["光纤宽带 500M", "畅享套餐 129 元"],
      history: [
        { at: start - 20 * DAY, topic: "宽带故障", result: "一次解决" },
        { at: start - 41 * DAY, topic: "查账单", result: "已回访" },
        { at: start - 130 * DAY, topic: "套餐变更", result: "已办理" },
      ],
    },
    intent: { name: "bill", label: "查账单：费用异常", confidence: 0.91 },
    slots: { 月份: "上个月", 金额: "238.60 元" },
    why: "电信技能 5 级，空闲时间最长",
    turns: [
      turn(start, "bot", "您好，欢迎致电。请问办理什么业务？", "zh"),
      turn(start + 5, "caller", "上个月怎么扣了这么多钱", "zh", 0.91, "speech", "bill"),
      turn(start + 8, "bot", "您是要查上个月的账单吗？", "zh"),
      turn(start + 11, "caller", "对，赶紧的", "zh", 0.88),
      turn(start + 14, "bot", "请按键输入服务密码的后四位，以井号结束。", "zh"),
      turn(start + 19, "caller", "4 8 2 1 #", "zh", null, "keys"),
      turn(start + 21, "bot", "上个月共 238.60 元，其中漫游 96 元。要转人工吗？", "zh"),
      turn(start + 23, "caller", "转人工", "zh", 0.97, "speech", "agent"),
      turn(start + 47, "caller", "每次都这样，我又没出过国", "zh", 0.52),
    ],
  };
}

function english(start) {
  return {
    queue: "support",
    language: "en",
    caller: { number: "+44 20 7946 0138", name: "Grace Miller", authenticated: true },
    profile: {
      name: "Grace Miller",
      tier: "gold",
      products: ["Fibre 500", "Mobile Plus 20 GB"],
      history: [
        { at: start - 20 * DAY, topic: "line fault", result: "fixed first time" },
        { at: start - 41 * DAY, topic: "bill", result: "called back" },
      ],
    },
    intent: { name: "bill", label: "Bill: charged too much", confidence: 0.91 },
    slots: { month: "last month", amount: "£ 61.40" },
    why: "telecom 5, idle longest",
    turns: [
      turn(start, "bot", "Hello and welcome. What can we do for you today?", "en"),
      turn(start + 5, "caller", "why was I charged so much last month", "en", 0.91, "speech", "bill"),
      turn(start + 8, "bot", "You would like to check last month’s bill, is that right?", "en"),
      turn(start + 11, "caller", "yes and please be quick", "en", 0.88),
      turn(start + 14, "bot", "Please key in the last four digits of your service password, then hash.", "en"),
      turn(start + 19, "caller", "4 8 2 1 #", "en", null, "keys"),
      turn(start + 21, "bot", "Last month was 61 pounds 40, of which roaming 24 pounds. Shall I get a person?", "en"),
      turn(start + 23, "caller", "a person please", "en", 0.97, "speech", "agent"),
      turn(start + 47, "caller", "every time the same and I have not been abroad", "en", 0.52),
    ],
  };
}

export function captions(language) {
  const all = contact(language).turns;
  return all.slice(0, 6);
}
