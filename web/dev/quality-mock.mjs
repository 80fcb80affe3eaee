/** What the stand-in server answers about quality. Answers to a card are kept, so that the page can be tried by hand. */
import * as data from "./quality-data.mjs";
import { book } from "./side-data.mjs";

const QUALITY = /^\/api\/v1\/quality\/(.*)$/;
const CONTACT = /^\/api\/v1\/contacts\/([^/]+)(\/playback|\/recordings\/\d+)?$/;
let wav = null;

/** Answers and returns true; false where it is none of it. `state.quality` may have `{empty, kind, calibration, down}`. */
export function qualityAnswer(state, request, url, body, json, response) {
  const language = state.language;
  const options = (state.quality ??= {});
  const said = CONTACT.exec(url.pathname);
  if (said !== null && request.method === "GET") {
    const [, id, what = ""] = said;
    if (what === "/playback") return (json(200, data.playback(language, id)), true);
    if (what !== "") return (play(request, response), true);
    return (json(200, data.whole(language, id)), true);
  }
  if (url.pathname === "/api/v1/transcripts/search") return (json(200, { hits: options.empty ? [] : data.hits(language, url.searchParams.get("q")), next: null, words: "trigram" }), true);
  if (options.kind !== undefined && url.pathname === "/api/v1/desk/book") return (json(200, { ...book, scenes: [SCENE] }), true);
  const asked = QUALITY.exec(url.pathname);
  if (asked === null) return false;
  if (options.down) return (request.socket.destroy(), true);
  const [status, given] = quality(options, language, request.method, asked[1], url.searchParams, body);
  json(status, given);
  return true;
}

const SCENE = {
  name: "quality",
  title: {},
  fits: { channel: [], queue: [], intent: [], tag: [], tier: [], language: [], mood: [], product: [], role: ["quality"] },
  who: ["caller", "mood", "intent", "handover", "facts", "history"],
  do: ["scorecard", "coaching", "lines", "wrap_up"],
  procedure: "",
  lines: [],
  actions: [],
  tags: [],
};

/** The sound, with ranges: without them a browser does not seek. */
function play(request, response) {
  wav ??= data.sound();
  const [, from = "0", to = ""] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "") ?? [];
  const end = to === "" ? wav.length - 1 : Math.min(Number(to), wav.length - 1);
  const part = wav.subarray(Number(from), end + 1);
  const headers = { "content-type": "audio/wav", "accept-ranges": "bytes", "content-length": part.length };
  response.writeHead(request.headers.range ? 206 : 200, request.headers.range ? { ...headers, "content-range": `bytes ${from}-${end}/${wav.length}` } : headers);
  response.end(part);
}

function quality(options, language, method, path, query, body) {
  const none = options.empty === true;
  const list = (name, rows) => [200, { [name]: none ? [] : rows, next: null }];
  const one = () => (options.review ??= data.review(language, options.kind ?? "draft"));
  switch (`${method} ${path.replace(/^(contacts|work|reviews|calibrations|coaching)\/[^/]+/, "$1/ID")}`) {
    case "GET cards":
      return [200, { cards: [data.card], problems: 0 }];
    case "GET people":
      return [200, { agents: ["wang", "li", "zhao", "sun"].map((id) => ({ id, name: data.nameOf(language, id) })), reviewers: ["chen", "boss", "mei"].map((id) => ({ id, name: data.nameOf(language, id) })) }];
    case "GET work": {
      const rows = data.work(language).filter((each) => query.get("view") === "open" && (query.get("reason") ?? each.reason) === each.reason && (query.get("agent") ?? each.contact.agent_id) === each.contact.agent_id);
      return [200, { work: none ? [] : rows, counts: { open: none ? 0 : 9, mine: 0, done_week: none ? 0 : 31 } }];
    }
    case "POST work/ID/take":
    case "POST reviews":
    case "POST calibrations/ID/join":
    case "GET reviews/ID":
      return [200, one()];
    case "PATCH reviews/ID":
      return [200, patched(one(), body)];
    case "POST reviews/ID/publish":
      return [200, (options.review = { ...data.review(language, "settled"), ...one(), state: "published", may: data.review(language, "settled").may })];
    case "POST reviews/ID/acknowledge":
      return [200, (options.review = { ...one(), seen_at: Date.now() / 1000, may: { ...one().may, acknowledge: false } })];
    case "POST reviews/ID/appeal":
      return [200, (options.review = { ...data.review(language, "appealed"), may: data.review(language, "settled").may })];
    case "POST reviews/ID/decide":
      return [200, (options.review = data.review(language, "settled"))];
    case "GET contacts/ID":
      return [200, { contact: data.contact(language, Number(path.split("/")[1].slice(2)) || 0), card: "hotline", reviews: none ? [] : [data.row(language, 0, { id: "r-auto", evaluator: "automatic", evaluator_name: "", score: data.score(58, { fatal: ["recorded"] }) })], coaching: [], work: null }];
    case "GET contacts":
      return list("contacts", Array.from({ length: 8 }, (_, n) => ({ contact: data.contact(language, n), automatic: data.score([58, 47.5, 66, 91][n % 4]), reviews: n % 3 })));
    case "GET reviews":
      return list("reviews", [0, 1, 2].map((n) => data.row(language, n)));
    case "GET appeals":
      return list("appeals", query.get("state") === "open" ? [{ appeal: data.review(language, "appealed").appeal_body, review: data.row(language, 0, { state: "appealed" }) }] : [{ appeal: data.review(language, "settled").appeal_body, review: data.row(language, 0, { state: "settled" }) }]);
    case "GET calibrations":
      return [200, { calibrations: none ? [] : [data.calibration(language, query.get("state") ?? "open")] }];
    case "GET calibrations/ID":
    case "POST calibrations":
      return [200, data.calibration(language, options.calibration ?? "open")];
    case "POST calibrations/ID/close":
      return [200, data.calibration(language, "closed")];
    case "GET coaching":
      return list("coaching", query.get("open") === "yes" ? [data.note(language, 0)] : [data.note(language, 0), data.note(language, 1)]);
    case "POST coaching":
      return [201, data.note(language, 0, { ...body, id: `n-${Math.random()}`, by: "chen" })];
    case "POST coaching/ID/acknowledge":
      return [200, data.note(language, 0, { acknowledged_at: Date.now() / 1000, answer: body.answer ?? "" })];
    case "GET mine":
      return [200, none ? { unseen: 0, coaching: 0, appeals: 0, reviews: [], notes: [], trend: [] } : { unseen: 1, coaching: 1, appeals: 0, reviews: [0, 4].map((n) => data.row(language, n, { seen_at: n === 0 ? null : 1 })), notes: [data.note(language, 0), data.note(language, 1)], trend: data.trend() }];
    case "GET mine/count":
      return [200, { unseen: none ? 0 : 1, coaching: none ? 0 : 1 }];
    case "GET trend":
      return [200, { points: none ? [] : data.trend() }];
    case "GET agents":
      return [200, { agents: none ? [] : data.agents(language) }];
    case "GET questions":
      return [200, none ? { card: data.card, questions: [] } : data.questions];
    default:
      return method === "GET" ? [404, { error: { code: "not_found", message: "there is none" } }] : [200, {}];
  }
}

/** Answers put into the review; the score moves a little, so that it is seen to. */
function patched(review, { answers = {}, comment }) {
  for (const [name, change] of Object.entries(answers)) review.answers[name] = { ...review.answers[name], ...change, automatic: false, why: {} };
  if (comment !== undefined) review.comment = comment;
  review.rev += 1;
  const all = review.card_body.sections.flatMap((section) => section.questions.map((question) => question.name));
  const open = all.filter((name) => (review.answers[name]?.value ?? null) === null);
  const fatal = review.answers.recorded?.value === "no" ? ["recorded"] : [];
  review.score = data.score(62 + 6 * (all.length - open.length) - 20, { open, fatal, covered: 1 - open.length / all.length });
  return { rev: review.rev, answers: review.answers, comment: review.comment, score: review.score, updated_at: Date.now() / 1000 };
}
