/** What the stand-in for the admin API has in its memory. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (minutes) => Date.now() / 1000 - minutes * 60;
const TELECOM = readFileSync(fileURLToPath(new URL("../../dialplans/telecom.yaml", import.meta.url)), "utf8");
const person = (language) => (language === "zh" ? "王芳" : "Anna Berg");

export function fresh(language) {
  const before = TELECOM.replace("patience", "patience").replace(/^languages:/m, "# first version\nlanguages:");
  const version = (number, state, minutes, note, more = {}) => ({
    number, version: `1f2d${number}`, author: number % 2 ? "emma" : "root", note, at: at(minutes), state, percent: 100, from: null, until: null, calls: 0, ...more,
  });
  const zh = language === "zh";
  return {
    session: {
      account: { id: "root", name: person(language), roles: ["admin"] },
      may_write: true,
      languages: ["zh", "en"],
      parts: { versions: true, simulator: true, tests: true, voice: true, counts: true },
      limits: { flow_characters: 1048576, upload_octets: 20000000, upload_seconds: 300 },
    },
    flows: [
      {
        name: "telecom", text: TELECOM, live_text: TELECOM, test: TEST, by: "root", at: at(3),
        live: { version: "1f2d12", number: 12, by: "root", at: at(180), note: zh ? "更换问候语" : "new greeting" },
        versions: [
          version(14, "scheduled", 5, zh ? "春节问候" : "holiday greeting", { from: Date.now() / 1000 + 86400 * 3 }),
          version(13, "rollout", 30, zh ? "先问账单" : "asks about the bill first", { percent: 20, calls: 3 }),
          version(12, "live", 180, zh ? "更换问候语" : "new greeting", { calls: 11 }),
          version(11, "old", 1500, zh ? "宽带报修加上重启步骤" : "fault: restart steps"),
          version(10, "old", 9000, zh ? "第一版" : "first version"),
        ],
        texts: { 14: TELECOM, 13: TELECOM.replace("languages:", "languages: # asks first\n#"), 12: TELECOM, 11: before, 10: before },
      },
      { name: "shop", text: SHOP, live_text: SHOP.replace("shop_hello", "welcome"), test: null, by: "emma", at: at(12), live: { version: "77aa", number: 3, by: "emma", at: at(4000), note: "" }, versions: [version(3, "live", 4000, "")] },
    ],
    audit: [
      { at: at(30), by: "emma", address: "127.0.0.1", what: "publish", subject: "telecom", note: zh ? "先问账单" : "asks about the bill first" },
      { at: at(180), by: "root", address: "127.0.0.1", what: "publish", subject: "telecom", note: zh ? "更换问候语" : "new greeting" },
    ],
    prompts: PROMPTS.map(prompt),
    voices: [
      { language: "zh", name: "zf_xiaoxiao", model: "Kokoro-82M v1.0 int8", licence: "Apache-2.0" },
      { language: "en", name: "af_heart", model: "Kokoro-82M v1.0 int8", licence: "Apache-2.0" },
    ],
    parts: parts(),
  };
}

const SHOP = `flow: shop
languages: [zh, en]
states:
  welcome:
    say: { zh: 您好, en: Hello }
    on: { done: end }
`;

const TEST = `flow: telecom
cases:
  - name: a caller hears the greeting
    call:
      - hears: choose_language
      - presses: "2"
      - hangs_up
  - name: the bill is read out
    call:
      - presses: "2"
      - says: check my bill
      - hears: bill_is
      - hangs_up
`;

const PROMPTS = [
  ["anything_else", "请问还需要办理别的业务吗？", "Is there anything else I can help you with?"],
  ["balance_is", "您的账户余额是", "Your account balance is"],
  ["bill_is", "您上个月的账单金额是", "Your bill for last month is"],
  ["choose_language", "您好，欢迎致电星河电信。中文服务，请按一。", "Welcome to Galaxy Telecom. For English, press two, or say English."],
  ["complaint_sorry", "非常抱歉让您有了不好的体验。您的意见我们非常重视。", "I am very sorry that we let you down. We take what you say seriously."],
  ["goodbye", "感谢您的来电，再见。", "Thank you for calling. Goodbye."],
  ["holiday_hours", "春节期间人工服务时间为九点到十七点。", ""],
  ["main_question", "请问您要办理什么业务？", "How can I help you today?"],
  ["not_heard", "不好意思，我没有听到您的声音。", "Sorry, I did not hear anything."],
];

export function recording(seconds) {
  return { stamp: `s${Math.round(seconds * 100)}`, seconds, rate: 16000, level: -20.1, peak: -3.2, voice: "zf_xiaoxiao", model: "Kokoro-82M v1.0 int8", licence: "Apache-2.0", source: "rendered", by: "", at: at(4000), outdated: false, folder: "prompts", writable: true, versions: 1 };
}

function prompt([name, zh, en], n) {
  const recordings = { zh: { ...recording(1.4 + zh.length / 9), outdated: name === "goodbye" } };
  if (en !== "") recordings.en = { ...recording(0.8 + en.length / 16), voice: "af_heart" };
  const used = name === "holiday_hours" ? [] : [{ flow: "telecom", file: "dialplans/telecom.yaml", state: name.split("_")[0], line: 60 + n, column: 12 }];
  const texts = en === "" ? { zh } : { zh, en };
  return { name, texts, missing: en === "" ? ["en"] : [], used_by: n % 3 === 0 ? [...used, ...used] : used, recordings };
}

export function names(language) {
  const zh = language === "zh";
  return {
    queues: ["support", "care"],
    skills: ["telecom", "complaint"],
    sources: [{ name: "billing", operations: ["balance", "bill"] }],
    hours: ["support"],
    flags: ["new_menu"],
    values: [],
    roots: [
      { name: "profile", doc: zh ? "来电人的资料" : "what is known about the caller", members: ["name", "tier", "history", "likely"] },
      { name: "call", doc: zh ? "这次通话" : "this call", members: ["id", "language", "tags"] },
      { name: "time", doc: zh ? "现在的时间" : "the time now", members: ["hour", "weekday", "date"] },
    ],
    steps: [
      { name: "menu", doc: "Offer intents.", waits: true, edges: ["no_input", "no_match"] },
      { name: "ask", doc: "Ask and wait.", waits: true, edges: ["done", "no_input", "no_match"] },
      { name: "say", doc: "Speak.", waits: true, edges: ["done"] },
      { name: "enqueue", doc: "Wait for a person.", waits: true, edges: ["served", "no_agents", "timeout"] },
      { name: "set", doc: "Remember.", waits: false, edges: [] },
      { name: "tag", doc: "Mark the call.", waits: false, edges: [] },
    ],
    edges: [{ name: "no_input", doc: "silence" }, { name: "no_match", doc: "not understood" }, { name: "error", doc: "" }, { name: "hangup", doc: "" }],
    targets: [{ name: "end", doc: "hangs up" }, { name: "again", doc: "once more" }],
    errors: {},
  };
}

export function counts(flow) {
  return {
    flow, at: Date.now() / 1000, day: "2026-01-31", calls: { now: 5, today: 240 },
    now: { main: 2, human: 3 },
    entered: { welcome: 240, choose_language: 240, main: 221, read_bill: 82, bill: 82, balance: 61, human: 74, fault: 33 },
    edges: { "main bill": 82, "main balance": 61, "main agent": 30, "main fault": 33 },
    gave_up: { main: { hangup: 9, no_input: 2 }, human: { hangup: 6 } },
    hours: [],
  };
}

export function run(flow, text, edges) {
  const missed = edges.slice(-3);
  const covered = edges.slice(0, -3);
  return {
    passed: 41, failed: 1, seconds: 0.21, problems: [],
    cases: [
      { name: "a caller hears the greeting", line: 3, ok: true, message: "", cure: "", at: null, log: [], seconds: 0.003 },
      { name: "the bill is read out", line: 8, ok: false, message: "expected to hear bill_is, heard balance_is", cure: "was it “check my balance”?", at: { line: 12, column: 9 }, log: [{ at: 0, kind: "state", text: "", state: "main" }, { at: 2.1, kind: "caller", text: "check my bill" }, { at: 2.5, kind: "bot", text: "Your account balance is" }], seconds: 0.004 },
    ],
    coverage: {
      states: Object.fromEntries([...covered.map((one) => [one.from, 3]), ["choose_language", 40]]),
      edges: Object.fromEntries(covered.map((one) => [one.key, 2])),
      states_percent: 95.6, edges_percent: 91.2,
      missed: missed.map((one) => ({ key: one.key, line: one.line, column: 5 })),
    },
  };
}

const SAID = {
  zh: [["您好，欢迎致电星河电信。中文服务，请按一。", "choose_language"], ["请问您要办理什么业务？", "main_question"], ["您上个月的账单金额是一百二十八元五角。", "bill_is"], ["请问还需要办理别的业务吗？", "anything_else"], ["感谢您的来电，再见。", "goodbye"]],
  en: [["Welcome to Galaxy Telecom. For English, press two, or say English.", "choose_language"], ["How can I help you today?", "main_question"], ["Your bill for last month is one hundred and twenty-eight yuan fifty.", "bill_is"], ["Is there anything else I can help you with?", "anything_else"], ["Thank you for calling. Goodbye.", "goodbye"]],
};
const STATES = ["choose_language", "main", "read_bill", "more", "goodbye"];

/** A conversation that follows a script whatever is said. */
export function conversation(language) {
  let step = 0;
  let clock = 0;
  const view = (ended = null) => ({
    flow: "telecom", state: STATES[step], line: 64 + step * 10, phase: "listen", attempt: 0, language, clock: 1790000000 + clock, at: clock,
    timers: ended ? [] : [{ name: "no_input", in_seconds: 6 }], vars: { tries: step }, slots: step > 1 ? { account: "4821" } : {}, tags: [], queue: null, result: null, ended,
  });
  const speak = () => {
    const [text, name] = SAID[language === "zh" ? "zh" : "en"][step];
    clock += 2.4;
    return [
      { at: clock - 2.4, kind: "state", text: "", flow: "telecom", state: STATES[step], line: 64 + step * 10, column: 3 },
      { at: clock - 2.4, kind: "bot", text, language, prompts: [{ name, language, text }] },
    ];
  };
  return {
    begin: () => ({ log: speak(), view: view() }),
    act(json) {
      const log = [];
      if (json.act === "hang_up") return { log: [{ at: clock, kind: "end", text: "", cause: "hangup" }], view: view("hangup") };
      if (json.act === "say") log.push({ at: clock, kind: "caller", text: json.text, medium: "speech", understood: "bill", confidence: 0.91 });
      if (json.act === "press") log.push({ at: clock, kind: "caller", text: json.keys, medium: "keys", understood: "" });
      if (json.act === "restart") step = -1;
      if (json.act === "wait") {
        clock += json.seconds;
        return { log: [{ at: clock, kind: "note", text: `${json.seconds} s` }], view: view() };
      }
      const from = STATES[Math.max(0, step)];
      step = Math.min(step + 1, STATES.length - 1);
      log.push({ at: clock, kind: "edge", text: "", key: `${from} bill`, from, to: STATES[step], line: 66, column: 7 });
      return { log: [...log, ...speak()], view: view() };
    },
  };
}

function parts() {
  const duration = { type: "string", format: "duration" };
  const queues = { type: "object", additionalProperties: { type: "object", properties: { ring: { ...duration, default: "20s", description: "How long an agent's phone rings." }, wrap_up: { ...duration, default: "30s" } } } };
  const agent = {
    type: "object", required: ["id", "name", "password"],
    properties: {
      id: { type: "string" }, name: { type: "string" }, password: { type: "string", format: "secret" },
      languages: { type: "array", items: { type: "string" } },
      roles: { type: "array", items: { enum: ["agent", "supervisor", "admin"] } },
      capacity: { type: "integer", minimum: 1, maximum: 5, default: 1 },
      skills: { type: "object", additionalProperties: { type: "integer", minimum: 1, maximum: 10 } },
    },
  };
  const agents = [
    { id: "wangfang", name: "王芳", password: "********", languages: ["zh", "en"], skills: { telecom: 5, complaint: 3 }, roles: ["agent", "supervisor"] },
    { id: "emma", name: "Emma", password: "********", languages: ["en", "zh"], skills: { telecom: 3, complaint: 8 }, roles: ["agent"] },
  ];
  const day = { type: "array", items: { type: "string" } };
  return {
    queues: { value: { support: { ring: "20s", wrap_up: "30s" }, care: { ring: "20s", wrap_up: "60s" } }, schema: queues, effect: "now", line: 18 },
    agents: { value: agents, schema: { type: "array", items: agent }, effect: "now", line: 22 },
    skills: { value: { telecom: { wangfang: 5, emma: 3 }, complaint: { wangfang: 3, emma: 8 } }, schema: { type: "object", additionalProperties: { type: "object", additionalProperties: { type: "integer" } } }, effect: "now", line: 22 },
    routes: { value: [{ to: "*", flow: "telecom" }], schema: { type: "array", items: { type: "object", properties: { to: { type: "string" }, flow: { type: "string" } } } }, effect: "restart", line: 6 },
    dispositions: { value: ["solved", "follow_up"], schema: { type: "array", items: { type: "string" } }, effect: "now", line: null },
    hours: { file: "env/demo.yaml", value: { support: { time_zone: "Asia/Shanghai", monday: ["09:00-18:00"], saturday: ["10:00-16:00"] } }, schema: { type: "object", additionalProperties: { type: "object", properties: { time_zone: { type: "string" }, monday: day, tuesday: day, wednesday: day, thursday: day, friday: day, saturday: day, sunday: day } } }, effect: "now", line: 4 },
    holidays: { file: "env/demo.yaml", value: [{ date: "2026-02-17", name: "春节" }], schema: { type: "array", items: { type: "object", properties: { date: { type: "string", format: "date" }, name: { type: "string" } } } }, effect: "now", line: 12 },
    trunks: { value: {}, schema: { type: "object", additionalProperties: { type: "object", required: ["hosts"], properties: { hosts: { type: "array", items: { type: "string" } }, transport: { enum: ["udp", "tcp", "tls"] }, user: { type: "string" }, password: { type: "string", format: "secret" }, register: { type: "boolean" }, limits: { type: "object", properties: { calls: { type: "integer", minimum: 0 }, per_second: { type: "number" } } } } } }, effect: "restart", line: null },
  };
}

/** A WAV of some speech-like sound. */
export function tone(seconds) {
  const rate = 8000;
  const count = Math.round(seconds * rate);
  const bytes = Buffer.alloc(44 + count * 2);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + count * 2, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(count * 2, 40);
  for (let n = 0; n < count; n += 1) {
    const envelope = Math.max(0, Math.sin((n / rate) * 9) * Math.sin((n / rate) * 2.3 + 0.4)) * 0.6;
    bytes.writeInt16LE(Math.round(Math.sin((n / rate) * 2 * Math.PI * 190) * envelope * 32000), 44 + n * 2);
  }
  return bytes;
}
