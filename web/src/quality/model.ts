/** What the server says of quality (docs/quality.md). Times are epoch seconds, `at` of answers and notes seconds of the recording. */

/** Language to text; under "" what is the same in every language. */
export type Text = Readonly<Record<string, string>>;
export type Value = string | number | null;

export interface Question {
  name: string;
  title: Text;
  guide: Text;
  kind: "yes_no" | "scale" | "choice";
  weight: number;
  fatal: boolean;
  not_applicable: boolean;
  automatic: boolean;
  choices: { name: string; title: Text; points: number }[];
}

export interface Section {
  name: string;
  title: Text;
  questions: Question[];
}

export interface Card {
  name: string;
  version: string;
  title: Text;
  pass: number;
  sections: Section[];
}

export interface Answer {
  value: Value;
  comment: string;
  at: number | null;
  automatic: boolean;
  why: Text;
}

export interface Score {
  score: number | null;
  raw: number | null;
  passed: boolean | null;
  fatal: string[];
  covered: number;
  open: string[];
}

export interface Contact {
  id: string;
  started_at: number;
  ended_at: number | null;
  channel: string;
  queue: string;
  flow: string;
  intent: string;
  language: string;
  agent_id: string;
  agent_name: string;
  caller_name: string;
  caller_number: string;
  talk_seconds: number | null;
  disposition: string;
  agent_disposition: string;
  mood: string;
  recorded: boolean;
}

export type ReviewState = "draft" | "published" | "appealed" | "settled";

export interface Row {
  id: string;
  contact_id: string;
  contact: Contact | null;
  card: string;
  card_title: Text;
  version: string;
  evaluator: string;
  evaluator_name: string;
  agent_id: string;
  agent_name: string;
  state: ReviewState;
  score: Score;
  created_at: number;
  updated_at: number;
  published_at: number | null;
  seen_at: number | null;
  /** "" for none. */
  calibration: string;
  appeal: string | null;
}

export interface Decision {
  granted: boolean;
  value: Value;
  before: Value;
  reason: string;
}

export interface Appeal {
  id: string;
  review_id: string;
  agent_id: string;
  agent_name: string;
  opened_at: number;
  until: number | null;
  reasons: Record<string, string>;
  comment: string;
  state: "open" | "decided";
  decided_at: number | null;
  decided_by: string;
  decided_by_name: string;
  decisions: Record<string, Decision>;
  answer: string;
  score_before: number | null;
  score_after: number | null;
}

export interface Coaching {
  id: string;
  agent_id: string;
  agent_name: string;
  contact_id: string;
  review_id: string;
  at: number | null;
  text: string;
  by: string;
  by_name: string;
  created_at: number;
  acknowledged_at: number | null;
  answer: string;
}

export interface Happened {
  at: number;
  by: string;
  by_name: string;
  what: string;
  detail: unknown;
}

export interface May {
  edit: boolean;
  publish: boolean;
  drop: boolean;
  appeal: boolean;
  decide: boolean;
  acknowledge: boolean;
}

export interface Review extends Row {
  rev: number;
  card_body: Card;
  answers: Record<string, Answer>;
  comment: string;
  history: Happened[];
  appeal_body: Appeal | null;
  coaching: Coaching[];
  may: May;
  appeal_until: number | null;
}

export type Reason = "low_score" | "bad_mood" | "complaint" | "random";

export interface Work {
  contact_id: string;
  contact: Contact | null;
  reason: Reason;
  picked_at: number;
  state: "open" | "taken" | "done" | "skipped";
  assignee: string;
  assignee_name: string;
  card: string;
  automatic: Score | null;
  review_id: string | null;
}

export interface About {
  contact: Contact;
  card: string | null;
  reviews: Row[];
  coaching: Coaching[];
  work: Work | null;
}

export interface Found {
  contact: Contact;
  automatic: Score | null;
  reviews: number;
}

export interface Spread {
  name: string;
  values: Record<string, Value>;
  agreement: number;
  spread: number;
  off: Record<string, number>;
}

export interface Calibration {
  id: string;
  title: string;
  contact_id: string;
  contact: Contact | null;
  card: string;
  card_body: Card;
  by: string;
  by_name: string;
  created_at: number;
  state: "open" | "closed";
  closed_at: number | null;
  reference: string;
  evaluators: { id: string; name: string; state: "invited" | "draft" | "handed_in"; review_id: string | null }[];
  mine: string | null;
  result: { scores: Record<string, number | null>; spread: number; questions: Spread[] } | null;
}

export interface Point {
  at: number;
  score: number | null;
  reviews: number;
  passed: number;
  fatal: number;
}

export interface AgentFigures {
  agent_id: string;
  agent_name: string;
  reviews: number;
  score: number | null;
  automatic_reviews: number;
  automatic_score: number | null;
  passed: number;
  fatal: number;
  appeals: number;
  granted: number;
  coaching_open: number;
  last_at: number | null;
}

export interface QuestionFigures {
  name: string;
  section: string;
  answered: number;
  not_applicable: number;
  mean: number | null;
  failed: number;
  values: Record<string, number>;
}

export interface Mine {
  unseen: number;
  coaching: number;
  appeals: number;
  reviews: Row[];
  notes: Coaching[];
  trend: Point[];
}

export interface Person {
  id: string;
  name: string;
}

export interface Hit {
  contact: { id: string; started_at: number | string; queue: string | null; agent_id: string | null; agent_name: string; caller_name: string; language: string };
  turn: number;
  second: number;
  speaker: string;
  mood: string;
  snippet: { text: string; hit: boolean }[];
}
