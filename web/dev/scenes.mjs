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
  breaks: [
    { name: "short", zh: "小休", en: "Short break" },
    { name: "meal", zh: "用餐", en: "Meal" },
    { name: "training", zh: "培训", en: "Training" },
  ],
};

/** Whom a call may go to. */
export function directory(language) {
  const zh = language === "zh";
  return {
    query: "",
    agents: [
      { id: "zhao", name: zh ? "赵敏" : "Mia Novak", state: "available", team: zh ? "金卡" : "gold" },
      { id: "qian", name: zh ? "钱进" : "Ben Okafor", state: "available", team: zh ? "账单" : "billing" },
      { id: "sun", name: zh ? "孙丽" : "Sofia Rossi", state: "in_call", team: zh ? "金卡" : "gold" },
      { id: "zhou", name: zh ? "周强" : "Tom Haas", state: "break", team: zh ? "技术" : "technical" },
    ],
    queues: queues(language).map(({ name, waiting }) => ({ name, waiting })),
    flows: ["survey", "telecom"],
    slots: [{ slot: "701", contact: "c-9", since: now() - 47, by: "wang" }, { slot: "702", contact: "c-8", since: now() - 12, by: "zhao" }, { slot: "703" }],
    recent: ["+8613800138000", "+862154321000", "1002"],
  };
}

/** Outcomes as a house with many of them has them. */
export const outcomes = [
  "solved",
  "follow_up",
  {
    name: "complaint",
    label: { zh: "投诉", en: "Complaint" },
    children: [
      { name: "bill", label: { zh: "账单金额", en: "Amount of a bill" } },
      { name: "roaming", label: { zh: "漫游费", en: "Roaming" }, children: [{ name: "refund", label: { zh: "已退费", en: "Refunded" } }, { name: "checked", label: { zh: "核实中", en: "Being checked" }, follow_up: true }] },
      { name: "conduct", label: { zh: "服务态度", en: "How we behaved" } },
    ],
  },
  {
    name: "fault",
    label: { zh: "故障", en: "Fault" },
    children: [{ name: "line", label: { zh: "线路", en: "Line" } }, { name: "router", label: { zh: "路由器", en: "Router" } }, { name: "engineer", label: { zh: "派单上门", en: "Engineer sent" }, follow_up: true }],
  },
  "wrong_number",
];

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

/** The same contact in the middle of a talk that does not go well, with all that is known about it. */
export function talk(language, phase = "connected") {
  const zh = language === "zh";
  const before = contact(language, phase);
  const start = before.answered_at ?? now() - 31;
  const more = (at, speaker, text, confidence, changes = {}) => ({ ...turn(start + at, speaker, text, language, confidence), state: "talk", ...changes });
  const keys = [..."48213#"].map((key, n) => turn(before.started_at + 19 + n / 4, "caller", key, language, null, "keys"));
  const told = before.turns.flatMap((one) => (one.medium === "keys" ? keys : [one]));
  told[told.length - 1] = { ...told.at(-1), mood: "tense" };
  const said = [
    more(2, "agent", zh ? "李先生您好，我看到您上个月的漫游费有疑问。" : "Good morning Ms Miller, I see that the roaming fee is not right.", 0.86),
    more(8, "caller", zh ? "我根本没出过国，再不退钱我就去投诉你们，换别家" : "I was never abroad. Refund it or I will complain and change to another company", 0.79, { mood: "angry" }),
    more(15, "agent", zh ? "非常抱歉，我马上为您申请退费，明天下午三点前给您回电。" : "I am very sorry. I ask for a refund now and call you back tomorrow before three.", 0.83),
    more(22, "caller", zh ? "我的卡号是[卡号]，我再考虑一下吧" : "My card is [card], let me think about it", 0.55),
  ];
  const index = told.length;
  return {
    ...before,
    turns: [...told, ...said],
    handover: {
      summary: zh
        ? "李强来电查询上月账单：238.60 元，其中漫游 96 元，客户称未出国。已核对密码，要求转人工。"
        : "Grace Miller asks about last month's bill: 61.40 pounds, 24 of it roaming; she says that she was not abroad. Password checked.",
      summary_by: "qwen2.5-7b",
      why: zh ? ["要求人工", "情绪升高"] : ["asked for a person", "mood is rising"],
      mood: "angry",
      mood_level: 0.82,
      mood_trend: "rising",
      mood_why: zh ? ["重复同一问题三次", "提到投诉", "语速加快"] : ["asked the same three times", "speaks of a complaint", "speaks faster"],
      triggers: [
        { at: start + 8, name: "churn", kind: "churn", speaker: "caller", text: said[1].text, phrase: "换别家", turn: index + 1, did: ["alert", "tag"] },
        { at: start + 15, name: "promise", kind: "promise", speaker: "agent", text: said[2].text, phrase: "回电", turn: index + 2, did: ["task"], task: "T-000123", due_at: start + 90000 },
        { at: start + 22, name: "hesitation", kind: "hesitation", speaker: "caller", text: said[3].text, phrase: "我再考虑一下", turn: index + 3, did: ["hint"] },
      ],
      hints: [
        { at: start + 9, name: "calm", kind: "calm", text: { zh: "先道歉，再说怎么解决。", en: "Apologise first, then say what you will do." }, why: { zh: "客户生气了", en: "The caller is angry" } },
        { at: start + 23, name: "offer", kind: "offer", text: { zh: "可以提供三个月 9 折。", en: "You may offer 10 % off for three months." }, why: { zh: "客户在犹豫", en: "The caller hesitates" } },
      ],
      talk: {
        transcribe: "phrases", seconds: 28.4, held_seconds: 0, silence: 0.21, longest_silence: 3.1, talk_over: 0.11, talk_overs: 3, agent_share: 0.58,
        caller: { seconds: 9.4, utterances: 2, rate: 271, unit: zh ? "syllables" : "words" },
        agent: { seconds: 13.1, utterances: 2, rate: 204, unit: zh ? "syllables" : "words" },
        keywords: {},
      },
    },
  };
}
