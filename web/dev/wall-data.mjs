/** A busy morning for the wallboard: what the wall socket would say, in the shapes of docs/wall.md. */

const NAMES = {
  zh: ["王芳", "李强", "张伟", "刘洋", "陈静", "杨敏", "赵磊", "黄丽", "周杰", "吴婷", "徐明", "孙倩", "马超", "朱琳", "胡军", "林悦", "何平", "高翔"],
  en: ["Anna Berg", "Ben Ode", "Carla Ruiz", "Dana Fox", "Emil Nord", "Fay Lin", "Gus Hale", "Hana Ito", "Ian Ross", "Jill Moy", "Kofi Ato", "Lena Vogt", "Milo Sand", "Nina Petri", "Omar Said", "Pia Holm", "Quinn Ash", "Rosa Diaz"],
};
const CALLERS = {
  zh: ["李强", "欧阳娜娜", "", "郭德", "沈佳", "", "韩雪", "曹颖", "邓超", "彭亮", "许晴", "", "苏明玉"],
  en: ["Peter Low", "Maria Santos", "", "Tom Reed", "Ines Castro", "", "Jon Bell", "Amy Tran", "Ravi Nair", "Sue Park", "Leo Marsh", "", "Kim Voss"],
};
const LABELS = { zh: ["查账单", "宽带故障", "投诉", "改套餐"], en: ["Bill", "Broken line", "Complaint", "Change of plan"] };
const QUEUES = ["billing", "support", "vip"];
const STATES = ["in_call", "available", "in_call", "wrap_up", "in_call", "break", "in_call", "reserved", "offline"];
const MOODS = ["calm", "tense", "calm", "angry", "", "calm"];
const SHARES = ["service_level", "abandonment", "containment", "fcr", "occupancy", "confidence", "mood_level", "angry"];

export const now = () => Date.now() / 1000;

const FORMULAS = [
  ["service_level", "share", "服务水平", "20 秒内接起 ÷（接起 + 放弃）", "Service level", "answered within the limit ÷ (answered + abandoned after it)"],
  ["asa", "seconds", "平均接起", "等待总秒数 ÷ 接起数", "Speed of answer", "seconds waited by those who were answered ÷ answered"],
  ["abandonment", "share", "放弃率", "放弃 ÷ 进线", "Abandonment", "abandoned ÷ offered"],
  ["aht", "seconds", "平均处理", "（通话 + 保持 + 话后）÷ 接起数", "Handling time", "(talk + hold + wrap-up) ÷ answered"],
  ["occupancy", "share", "占用率", "（通话 + 话后）÷ 在岗时间", "Occupancy", "(talk + wrap-up) ÷ time on duty"],
  ["containment", "share", "机器人自助", "机器人办结 ÷ 全部来电", "Bot containment", "served by the bot alone ÷ all calls"],
  ["csat", "score", "满意度", "评分之和 ÷ 评分数", "Satisfaction", "sum of marks ÷ marks"],
  ["fcr", "share", "一次解决", "七天内未再来电 ÷ 接起", "First contact", "no further call within 7 days ÷ answered"],
  ["mood_level", "share", "情绪强度", "来电情绪的平均值", "Mood", "mean of the callers' mood, 0 calm to 1 angry"],
  ["confidence", "share", "识别置信", "识别置信度的平均值", "Understood", "mean confidence of what was recognised"],
  ["offered", "count", "进线", "进入队列的来电", "Offered", "calls that entered the queue"],
  ["answered", "count", "接起", "坐席接起的来电", "Answered", "calls that an agent took"],
  ["abandoned", "count", "放弃", "等待中挂断的来电", "Abandoned", "callers who hung up while waiting"],
  ["longest_wait", "seconds", "最长等待", "今日最长的一次等待", "Longest wait", "the longest wait of the day"],
].map(([name, unit, zl, zf, el, ef]) => ({ name, unit, zh: { label: zl, formula: zf, note: "自零点起计算。" }, en: { label: el, formula: ef, note: "Counted from midnight." } }));

export function snapshot(language, { agents = 18, quiet = false } = {}) {
  const at = now();
  const midnight = new Date(at * 1000).setHours(0, 0, 0, 0) / 1000;
  const calls = quiet ? [] : callsOf(language, at, agents);
  return {
    day: new Date(at * 1000).toISOString().slice(0, 10),
    day_start: midnight,
    queues: QUEUES.map((name) => queueOf(name, calls, at)),
    agents: agentsOf(language, at, agents, calls, quiet),
    calls,
    trunks: [
      { name: "carrier", node: "n1", state: "up", calls_in: quiet ? 0 : 14, calls_out: quiet ? 0 : 3, registered: true, down: false },
      { name: "backup", node: "n1", state: "down", calls_in: 0, calls_out: 0, registered: quiet, down: !quiet },
    ],
    nodes: [
      { name: "n1", at, alive: true, leads: true, calls: calls.length, lag_ms: 1.2, version: "0.1.0", started_at: at - 86000 },
      { name: "n2", at, alive: true, leads: false, calls: 0, lag_ms: quiet ? 2 : 41, version: "0.1.0", started_at: at - 86000 },
    ],
    figures: { today: figures(quiet ? null : 1), usual: figures(0.95), now: { waiting: 0, talking: calls.filter((one) => one.phase === "connected").length, bot: calls.filter((one) => one.phase === "bot").length } },
    alerts: quiet ? [] : alertsOf(at),
    settings: {
      within: { billing: 20, support: 20, vip: 10 },
      breaks: [{ name: "meal", zh: "用餐", en: "Meal" }, { name: "training", zh: "培训", en: "Training" }],
      formulas: FORMULAS,
    },
  };
}

function queueOf(name, calls, at) {
  const waiting = calls.filter((one) => one.queue === name && one.phase === "waiting").map((one) => one.queued_at).sort((a, b) => a - b);
  return {
    name,
    waiting: waiting.length,
    longest_since: waiting[0] ?? null,
    estimated_wait: waiting.length ? Math.round(at - waiting[0]) + 20 : 0,
    since: waiting,
    offered: name === "support" && waiting.length ? 1 : 0,
    talking: calls.filter((one) => one.queue === name && one.phase === "connected").length,
    within: name === "vip" ? 10 : 20,
  };
}

function callsOf(language, at, agents) {
  const calls = [];
  const add = (phase, queue, seconds, more = {}) => {
    const n = calls.length;
    calls.push({
      id: `c-${String(n).padStart(3, "0")}`,
      phase,
      queue,
      agent: "",
      caller: { name: CALLERS[language][n % CALLERS[language].length], number: `+86138${String(10000000 + n * 7919).slice(0, 8)}` },
      channel: n % 3 ? "sip" : "webrtc",
      language,
      intent: "bill",
      label: LABELS[language][n % 4],
      flow: "telecom",
      state: "main",
      trunk: n % 3 ? "carrier" : "",
      node: "n1",
      started_at: at - seconds - 30,
      queued_at: phase === "bot" ? null : at - seconds,
      connected_at: phase === "connected" ? at - seconds + 14 : null,
      mood: MOODS[n % MOODS.length],
      mood_level: 0.3,
      mood_trend: n % 4 === 3 ? "rising" : "steady",
      confidence: 0.82,
      quiet_since: n === 4 ? at - 38 : null,
      turns: 5,
      ...more,
    });
  };
  for (const seconds of [3, 12, 19]) add("bot", "", seconds);
  for (const seconds of [140, 95, 61, 38, 22, 9, 4]) add("waiting", "support", seconds);
  for (const seconds of [18, 6]) add("waiting", "billing", seconds);
  for (let n = 0; n < agents; n += 1) {
    if (STATES[n % STATES.length] === "in_call") add("connected", QUEUES[n % 3], 40 + n * 37, { agent: `a${n}` });
  }
  return calls;
}

function agentsOf(language, at, count, calls, quiet) {
  return Array.from({ length: count }, (_, n) => {
    const call = calls.find((one) => one.agent === `a${n}`);
    const state = quiet ? (n % 5 ? "available" : "offline") : STATES[n % STATES.length];
    const strain = state === "offline" ? null : [0.2, 0.45, 0.82, 0.3, 0.55][n % 5];
    return {
      id: `a${n}`,
      name: NAMES[language][n % NAMES[language].length] + (n >= 18 ? ` ${n}` : ""),
      team: n % 2 ? "gold" : "blue",
      site: "bonn",
      state,
      reason: state === "break" ? "meal" : "",
      by: "",
      since: call?.connected_at ?? at - 20 - n * 31,
      until: state === "wrap_up" ? at + 18 : null,
      wanted: "",
      calls: call ? [call.id] : [],
      queue: call?.queue ?? "",
      mood: call?.mood ?? "",
      mood_level: call?.mood_level ?? null,
      skills: { telecom: 1 + (n % 9), billing: 3 },
      languages: ["zh", "en"],
      served: 4 + n,
      missed: n % 7 === 3 ? 1 : 0,
      duty_since: at - 9000,
      busy: 0.6,
      strain,
      strain_why: strain !== null && strain > 0.7 ? [{ code: "angry_calls", value: 2, zh: "2 通客户发火的电话", en: "2 calls with an angry caller" }, { code: "no_break", value: 150, zh: "2 小时 30 分没有休息", en: "2 h 30 min without a break" }] : [],
      breathing: n === 14 && !quiet,
      devices: state === "offline" ? [] : ["page"],
    };
  });
}

function figures(scale) {
  const all = {};
  for (const [index, queue] of ["", ...QUEUES].entries()) {
    const less = scale === null ? null : scale - index * 0.02;
    const value = (number) => (less === null ? null : number * less);
    all[queue] = {
      offered: value(420), answered: value(381), abandoned: value(22), overflowed: value(9), callbacks: value(4), calls: value(910), self_served: value(430),
      service_level: value(0.84), abandonment: value(0.052), asa: value(17.4), aht: value(263), longest_wait: value(190), containment: value(0.473), csat: value(4.4),
      csat_answers: value(88), fcr: value(0.81), occupancy: value(0.76), confidence: value(0.88), mood_level: value(0.24), angry: value(0.06),
      outbound: value(36), reached: value(0.61), outbound_talk: value(148),
    };
  }
  return all;
}

function alertsOf(at) {
  const alert = (rule, severity, subject, zh, en, more = {}) => ({
    id: `${rule}|${subject.id}`, rule, severity, metric: rule, value: 140, limit: 120, unit: "seconds", subject, text: { zh, en },
    opened_at: at - 95, closed_at: null, acknowledged_at: null, acknowledged_by: "", owner: "", note: "", ...more,
  });
  return [
    alert("long_wait", "danger", { kind: "queue", id: "support", name: "support" }, "support：最长等待 2:20，上限 2:00", "support: longest wait 2:20, limit 2:00"),
    alert("trunk_down", "danger", { kind: "trunk", id: "backup", name: "backup" }, "中继 backup 中断", "Trunk backup is down", { owner: "boss" }),
    alert("silence", "attention", { kind: "call", id: "c-012", name: "c-012" }, "通话静默 38 秒", "Nobody has spoken for 38 s in a talk", { acknowledged_at: at - 20, acknowledged_by: "boss" }),
    alert("csat_row", "attention", { kind: "house", id: "", name: "" }, "满意度连续三次低于 3 分", "Three marks below 3 in a row", { closed_at: at - 300, opened_at: at - 1500 }),
  ];
}

export function history(queue, { quiet = false } = {}) {
  const at = now();
  const second = Math.floor(at - new Date(at * 1000).setHours(0, 0, 0, 0) / 1000);
  const upTo = Math.max(10 * 3600, second);
  const point = (quarter, seed) => {
    const wave = Math.sin(quarter / 5 + seed) * 0.5 + Math.sin(quarter / 1.7 + seed * 2) * 0.2 + 0.5;
    const found = { second: quarter * 900 };
    for (const { name, unit } of FORMULAS) {
      found[name] = SHARES.includes(name) ? Math.max(0.02, Math.min(1, 0.75 + (wave - 0.5) * 0.3)) : unit === "score" ? 3.6 + wave : unit === "seconds" ? 20 + wave * 60 : Math.round(8 + wave * 30);
    }
    return found;
  };
  const range = (to, seed) => Array.from({ length: Math.max(0, to - 30) }, (_, n) => point(30 + n, seed));
  return { queue, day: "", step: 900, now: at, today: quiet ? [] : range(Math.floor(upTo / 900), 1), before: quiet ? [] : range(88, 2) };
}
