/** What the quality page is drawn from: one team's fortnight, in the shapes of docs/quality.md. */
import { now } from "./scenes.mjs";

const both = (zh, en) => ({ zh, en });
const DAY = 86_400;

const question = (name, zh, en, more = {}) => ({ name, title: both(zh, en), guide: {}, kind: "yes_no", weight: 10, fatal: false, not_applicable: true, automatic: false, choices: [], ...more });

export const card = {
  name: "hotline",
  version: "c1f0",
  title: both("热线通话", "Hotline call"),
  pass: 80,
  sections: [
    {
      name: "opening",
      title: both("开场", "Opening"),
      questions: [
        question("greeting", "是否问候并报姓名", "Greeted, with a name", { automatic: true, weight: 5 }),
        question("recorded", "是否告知录音", "Said that the call is recorded", { automatic: true, fatal: true, not_applicable: false }),
      ],
    },
    {
      name: "solving",
      title: both("处理", "Solving"),
      questions: [
        question("listening", "是否听完客户的话", "Let the caller finish", { kind: "scale", weight: 20, automatic: true, guide: both("5：从不打断；1：多次抢话。", "5: never cut in; 1: several times.") }),
        question("solved", "问题解决到什么程度", "How far the matter was solved", {
          kind: "choice",
          weight: 30,
          choices: [
            { name: "at_once", title: both("当场解决", "At once"), points: 1 },
            { name: "with_date", title: both("说明了下一步和时间", "A next step with a date"), points: 0.8 },
            { name: "open", title: both("没有说明下一步", "No next step"), points: 0 },
          ],
        }),
        question("calming", "是否回应了客户的情绪", "Answered how the caller felt", { kind: "scale", weight: 20 }),
      ],
    },
    {
      name: "closing",
      title: both("收尾", "Closing"),
      questions: [question("anything", "是否询问其他需要", "Asked whether there is anything else", { automatic: true }), question("note", "备注是否完整", "The note says it all", { weight: 5, automatic: true })],
    },
  ],
};

const answer = (value, more = {}) => ({ value, comment: "", at: null, automatic: false, why: {}, ...more });
const byRule = (value, zh, en, at = null) => answer(value, { automatic: true, why: both(zh, en), at });

export const automatic = {
  greeting: byRule("yes", "第 2 秒说了“我是王芳”", "“my name is Anna” was said at 0:02", 26),
  recorded: byRule("no", "前 60 秒没有说“会被录音”", "“is being recorded” was not said in the first 60 s"),
  listening: byRule(3, "双方同时说话占 12 %", "both talked at once for 12 % of the time"),
  anything: byRule("yes", "第 71 秒说了“还有别的”", "“anything else” was said at 1:11", 71),
  note: byRule("yes", "备注 18 个字", "the note has 31 letters"),
  solved: answer(null),
  calming: answer(null),
};

const PEOPLE = {
  zh: { wang: "王芳", li: "李强", zhao: "赵敏", sun: "孙丽", chen: "陈静", boss: "周杰", mei: "梅雪" },
  en: { wang: "Anna Berg", li: "Ben Okafor", zhao: "Mia Novak", sun: "Sofia Rossi", chen: "Clara Kim", boss: "Tom Haas", mei: "Ines Castro" },
};
const CALLERS = {
  zh: ["李强", "欧阳娜娜", "郭德", "沈佳", "韩雪", "曹颖", "邓超", "许晴"],
  en: ["Grace Miller", "Peter Low", "Maria Santos", "Tom Reed", "Jon Bell", "Amy Tran", "Ravi Nair", "Kim Voss"],
};
const AGENTS = ["wang", "li", "zhao", "sun"];

export const nameOf = (language, id) => PEOPLE[language][id] ?? id;

export function contact(language, n, more = {}) {
  const agent = AGENTS[n % AGENTS.length];
  const started = Math.floor(now() - 3600 * (1.4 + n * 5.3));
  return {
    id: `c-${n}`,
    started_at: started,
    ended_at: started + 96 + n * 31,
    channel: "sip",
    queue: language === "zh" ? ["账单", "客服"][n % 2] : ["billing", "support"][n % 2],
    flow: "telecom",
    intent: ["bill", "fault", "complaint", "plan"][n % 4],
    language,
    agent_id: agent,
    agent_name: nameOf(language, agent),
    caller_name: CALLERS[language][n % 8],
    caller_number: "+8613800138000",
    talk_seconds: 72 + n * 31,
    disposition: "served",
    agent_disposition: "solved",
    mood: ["angry", "calm", "tense", "calm"][n % 4],
    recorded: n !== 3,
    ...more,
  };
}

export function score(value, { fatal = [], open = [], covered = 1 } = {}) {
  return { score: fatal.length > 0 ? 0 : value, raw: value, passed: value === null ? null : fatal.length === 0 && value >= 80, fatal, covered, open };
}

export function row(language, n, more = {}) {
  const found = contact(language, n);
  return {
    id: `r-${n}`,
    contact_id: found.id,
    contact: found,
    card: "hotline",
    card_title: card.title,
    version: card.version,
    evaluator: "chen",
    evaluator_name: nameOf(language, "chen"),
    agent_id: found.agent_id,
    agent_name: found.agent_name,
    state: "published",
    score: score([74, 88, 92.5, 81][n % 4]),
    created_at: found.started_at + 4000,
    updated_at: found.started_at + 5000,
    published_at: found.started_at + 5000,
    seen_at: null,
    calibration: "",
    appeal: null,
    ...more,
  };
}

const NOT = { edit: false, publish: false, drop: false, appeal: false, decide: false, acknowledge: false };

/** A whole review: `kind` is draft, published (for its agent), appealed (for who decides) or settled. */
export function review(language, kind, more = {}) {
  const zh = language === "zh";
  const done = {
    ...Object.fromEntries(Object.entries(automatic).map(([name, one]) => [name, { ...one }])),
    solved: answer("with_date", { at: 58.5, comment: zh ? "说清了两个工作日内答复，很好。" : "Said that an answer comes within two working days: good." }),
    calming: answer(2, { at: 33, comment: zh ? "客户说“每次都这样”，可以先回应这一句。" : "“Every time the same”: answer that first." }),
  };
  const at = now();
  const appeal = {
    id: "a-1",
    review_id: "r-0",
    agent_id: "wang",
    agent_name: nameOf(language, "wang"),
    opened_at: at - 5400,
    until: at + 3 * DAY,
    reasons: { recorded: zh ? "开头 20 秒机器人已经播报过录音提示。" : "The bot had said it 20 s before." },
    comment: "",
    state: "open",
    decided_at: null,
    decided_by: "",
    decided_by_name: "",
    decisions: {},
    answer: "",
    score_before: 0,
    score_after: null,
  };
  const settled = {
    ...appeal,
    state: "decided",
    decided_at: at - 1200,
    decided_by: "boss",
    decided_by_name: nameOf(language, "boss"),
    decisions: { recorded: { granted: true, value: "yes", before: "no", reason: zh ? "0:04 处确有播报。" : "It is heard at 0:04." } },
    answer: zh ? "谢谢指出，规则会改。" : "Thank you: the rule will be mended.",
    score_after: 73.5,
  };
  const base = {
    ...row(language, 0),
    rev: 3,
    card_body: card,
    answers: done,
    comment: zh ? "思路清楚。记得先回应情绪，再谈流程。" : "Clear in the matter. First the feeling, then the procedure.",
    history: [
      { at: at - 9000, by: "chen", by_name: nameOf(language, "chen"), what: "created", detail: {} },
      { at: at - 8000, by: "chen", by_name: nameOf(language, "chen"), what: "published", detail: {} },
    ],
    appeal_body: null,
    coaching: [note(language, 0)],
    may: NOT,
    appeal_until: at + 3 * DAY,
    score: score(71, { fatal: ["recorded"] }),
  };
  if (kind === "draft") return { ...base, state: "draft", comment: "", answers: { ...done, solved: answer(null), calming: answer(null) }, score: score(62.9, { open: ["solved", "calming"], covered: 0.5, fatal: ["recorded"] }), may: { ...NOT, edit: true, publish: true, drop: true }, history: [], coaching: [], published_at: null, ...more };
  if (kind === "published") return { ...base, may: { ...NOT, acknowledge: true, appeal: true }, ...more };
  if (kind === "appealed") return { ...base, state: "appealed", appeal: "a-1", appeal_body: appeal, may: { ...NOT, decide: true }, ...more };
  return { ...base, state: "settled", appeal: "a-1", appeal_body: settled, score: score(73.5), answers: { ...done, recorded: answer("yes") }, seen_at: at - 7000, ...more };
}

export function note(language, n, more = {}) {
  const zh = language === "zh";
  const texts = zh
    ? ["这里先停一秒，说“我理解您着急”，再查账单。", "查询时可以告诉客户在等什么，安静了 14 秒。"]
    : ["Wait a second here and say that you understand; then the bill.", "Say what you are looking for: it was quiet for 14 s."];
  return { id: `n-${n}`, agent_id: "wang", agent_name: nameOf(language, "wang"), contact_id: "c-0", review_id: n === 0 ? "r-0" : "", at: [33, 52][n % 2], text: texts[n % 2], by: "chen", by_name: nameOf(language, "chen"), created_at: now() - 7000 - n * DAY, acknowledged_at: n === 0 ? null : now() - 3000, answer: n === 0 ? "" : zh ? "好的，下次注意。" : "Will do.", ...more };
}

export function work(language) {
  const reasons = ["bad_mood", "low_score", "complaint", "random"];
  return Array.from({ length: 9 }, (_, n) => ({
    contact_id: `c-${n}`,
    contact: contact(language, n),
    reason: reasons[n % 4],
    picked_at: now() - 3000,
    state: "open",
    assignee: "",
    assignee_name: "",
    card: "hotline",
    automatic: n === 0 ? score(58, { fatal: ["recorded"] }) : score([58, 47.5, 66, 91][n % 4], { open: ["solved"], covered: 0.5 }),
    review_id: null,
  }));
}

export function calibration(language, state) {
  const who = ["chen", "boss", "mei"].map((id, n) => ({ id, name: nameOf(language, id), state: state === "closed" || n === 0 ? "handed_in" : ["", "draft", "invited"][n], review_id: state === "closed" ? `r-${n}` : null }));
  const values = (a, b, c) => ({ chen: a, boss: b, mei: c });
  return {
    id: "k-1",
    title: language === "zh" ? "十一月：投诉类通话" : "November: complaints",
    contact_id: "c-0",
    contact: contact(language, 0),
    card: "hotline",
    card_body: card,
    by: "boss",
    by_name: nameOf(language, "boss"),
    created_at: now() - 2 * DAY,
    state,
    closed_at: state === "closed" ? now() - 4000 : null,
    reference: "chen",
    evaluators: who,
    mine: null,
    result:
      state === "closed"
        ? {
            scores: values(84, 71.5, 93),
            spread: 21.5,
            questions: [
              { name: "calming", values: values(4, 2, 5), agreement: 0.33, spread: 0.75, off: { boss: -0.5, mei: 0.25 } },
              { name: "solved", values: values("with_date", "with_date", "at_once"), agreement: 0.67, spread: 0.2, off: { boss: 0, mei: 0.2 } },
              { name: "listening", values: values(4, 4, 4), agreement: 1, spread: 0, off: { boss: 0, mei: 0 } },
              { name: "recorded", values: values("yes", "yes", "yes"), agreement: 1, spread: 0, off: { boss: 0, mei: 0 } },
            ],
          }
        : null,
  };
}

export function trend() {
  const midnight = new Date(now() * 1000).setHours(0, 0, 0, 0) / 1000;
  return Array.from({ length: 30 }, (_, n) => {
    const at = midnight - (29 - n) * DAY;
    const rest = new Date(at * 1000).getDay() % 6 === 0;
    const reviews = rest ? 0 : 2 + ((n * 7) % 5);
    return { at, score: rest ? null : Math.round((72 + 8 * Math.sin(n / 4) + n * 0.5) * 10) / 10, reviews, passed: Math.max(0, reviews - 1), fatal: n % 9 === 0 ? 1 : 0 };
  });
}

export const agents = (language) =>
  AGENTS.map((id, n) => ({ agent_id: id, agent_name: nameOf(language, id), reviews: 14 - n * 2, score: [78.4, 86.1, 91, 83.7][n], automatic_reviews: 310 - n * 21, automatic_score: [70.2, 79, 84.5, 77.1][n], passed: 10 - n, fatal: n === 0 ? 2 : 0, appeals: n === 0 ? 3 : 0, granted: n === 0 ? 1 : 0, coaching_open: n === 0 ? 1 : 0, last_at: now() - (n + 1) * 21_000 }));

export const questions = {
  card,
  questions: [
    { name: "calming", section: "solving", answered: 42, not_applicable: 4, mean: 0.54, failed: 0, values: { 1: 3, 2: 11, 3: 14, 4: 9, 5: 5 } },
    { name: "recorded", section: "opening", answered: 46, not_applicable: 0, mean: 0.91, failed: 4, values: { yes: 42, no: 4 } },
    { name: "solved", section: "solving", answered: 46, not_applicable: 0, mean: 0.83, failed: 0, values: { at_once: 24, with_date: 18, open: 4 } },
    { name: "listening", section: "solving", answered: 46, not_applicable: 0, mean: 0.71, failed: 0, values: { 2: 4, 3: 16, 4: 16, 5: 10 } },
    { name: "greeting", section: "opening", answered: 46, not_applicable: 0, mean: 1, failed: 0, values: { yes: 46 } },
  ],
};

const TURNS = {
  zh: [
    ["bot", "您好，本次通话会被录音。请问办理什么业务？", 0, 6, ""],
    ["caller", "上个月怎么扣了这么多钱", 7, 10, "tense"],
    ["bot", "正在为您转接人工坐席。", 11, 14, ""],
    ["agent", "您好，我是王芳，您说上个月多扣了费用，是吗？", 26, 31, ""],
    ["caller", "对，每次都这样，我又没出过国", 32, 36, "angry"],
    ["agent", "我马上查。上个月有一笔漫游费，九十六元。", 37, 43, ""],
    ["agent", "是您住的地方靠近边境，手机连到了邻国基站，我为您提交退费。", 57, 66, ""],
    ["caller", "那什么时候能退", 67, 69, "tense"],
    ["agent", "两个工作日内答复您。请问还有别的事吗？", 70, 75, ""],
    ["caller", "没有了，谢谢", 76, 78, "calm"],
  ],
  en: [
    ["bot", "Hello, this call is being recorded. What can I do for you?", 0, 6, ""],
    ["caller", "Why was I charged so much last month?", 7, 10, "tense"],
    ["bot", "I am putting you through to a colleague.", 11, 14, ""],
    ["agent", "Hello, my name is Anna. You were charged too much last month, is that right?", 26, 31, ""],
    ["caller", "Yes, it is the same every time, and I was never abroad.", 32, 36, "angry"],
    ["agent", "I am looking at it. There is a roaming fee of 28 pounds.", 37, 43, ""],
    ["agent", "Your phone was connected to a mast across the border. I have asked for a refund.", 57, 66, ""],
    ["caller", "And when do I get it?", 67, 69, "tense"],
    ["agent", "We answer within two working days. Is there anything else?", 70, 75, ""],
    ["caller", "No, thank you.", 76, 78, "calm"],
  ],
};
export const SECONDS = 80;

/** Loud where somebody talks: what the two channels of the recording look like. */
function loudness(language, speakers) {
  const step = SECONDS / 640;
  return Array.from({ length: 640 }, (_, n) => {
    const at = n * step;
    const talks = TURNS[language].some(([who, , from, to]) => speakers.includes(who) && at >= from && at <= to);
    return talks ? Math.round((0.25 + 0.45 * Math.abs(Math.sin(n * 1.7) * Math.cos(n * 0.23))) * 1000) / 1000 : 0.008;
  });
}

export function playback(language, id) {
  const silent = id === "c-3";
  return {
    contact_id: id,
    started_at: contact(language, Number(id.slice(2)) || 0).started_at,
    seconds: SECONDS,
    begins: 0,
    recordings: silent ? [] : [{ number: 0, why: "", offset: 0, seconds: SECONDS, url: `/api/v1/contacts/${id}/recordings/0?format=wav` }],
    peaks: silent ? { from: 0, step: 0.05, caller: [], agent: [] } : { from: 0, step: SECONDS / 640, caller: loudness(language, ["caller"]), agent: loudness(language, ["agent", "bot"]) },
    turns: TURNS[language].map(([speaker, text, from, to, mood], index) => ({ index, from, to, speaker, text, language, medium: "speech", mood, recorded: true, confidence: speaker === "caller" ? 0.88 : null })),
    marks: [
      { kind: "silence", from: 43, to: 57, label: "" },
      { kind: "talk_over", from: 31.4, to: 32.6, label: "" },
    ],
  };
}

/** A quiet sound of the right length, so that the player's clock can run. */
export function sound() {
  const rate = 8000;
  const samples = rate * SECONDS;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n += 1) wav.writeInt16LE(Math.round(900 * Math.sin((n * 2 * Math.PI * 330) / rate)), 44 + n * 2);
  return wav;
}

export function hits(language, words) {
  const word = words.toLowerCase();
  const found = (n, index) => {
    const one = contact(language, n);
    const [speaker, text, from, , mood] = TURNS[language][index];
    const at = text.toLowerCase().indexOf(word);
    if (at < 0) return null;
    const snippet = [
      { text: text.slice(0, at), hit: false },
      { text: text.slice(at, at + word.length), hit: true },
      { text: text.slice(at + word.length), hit: false },
    ].filter((part) => part.text !== "");
    const { id, started_at, queue, agent_id, agent_name, caller_name } = one;
    return { contact: { id, started_at, queue, agent_id, agent_name, caller_name, language }, turn: index, second: from, speaker, mood, snippet };
  };
  return [0, 4].flatMap((n) => TURNS[language].map((_, index) => found(n, index))).filter((one) => one !== null);
}

/** The record of a contact as `GET /api/v1/contacts/ID` gives it. */
export function whole(language, id) {
  const zh = language === "zh";
  const one = contact(language, Number(id.slice(2)) || 0);
  const iso = (seconds) => new Date(seconds * 1000).toISOString();
  return {
    ...one,
    id,
    started_at: iso(one.started_at),
    ended_at: iso(one.ended_at),
    queued_at: iso(one.started_at + 14),
    connected_at: iso(one.started_at + 25),
    wait_seconds: 11,
    end_cause: "caller",
    intent_confidence: 0.91,
    slots: zh ? { 月份: "上个月", 金额: "238.60 元" } : { month: "last month", amount: "£ 61.40" },
    tags: ["bill"],
    profile: { name: one.caller_name, tier: "gold", products: zh ? ["光纤宽带 500M", "畅享套餐 129 元"] : ["Fibre 500", "Mobile Plus"] },
    note: zh ? "漫游费有争议，已提交退费，两个工作日内答复。" : "Disputes roaming; refund asked for, answer in two days.",
    handover: { summary: zh ? "客户认为上个月多收漫游费，没有出过国。" : "Charged for roaming last month without having been abroad.", facts: {} },
    turns: TURNS[language].map(([speaker, text, from, , mood]) => ({ at: iso(one.started_at + from), speaker, text, language, mood, confidence: null, medium: "speech" })),
  };
}
