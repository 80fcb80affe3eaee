/** Requests of the page (docs/quality.md). */
import { ask as plainly, Refused } from "../net/ask";
import type {
  About,
  AgentFigures,
  Answer,
  Appeal,
  Calibration,
  Card,
  Coaching,
  Decision,
  Found,
  Hit,
  Mine,
  Person,
  Point,
  QuestionFigures,
  Review,
  Row,
  Score,
  Value,
  Work,
} from "./model";
import { t } from "./words";

/** Told whenever an answer says that nobody is signed in. */
export const signedOut = { tell: (): void => undefined };

type Query = Record<string, string | number | null | undefined>;

/** `path` is below `/api/v1`. `leaving`: goes out even where the tab is closed meanwhile. */
export async function ask<Given>(method: string, path: string, body?: unknown, leaving = false): Promise<Given> {
  try {
    return await plainly<Given>(method, `/api/v1${path}`, body, leaving);
  } catch (error) {
    if (error instanceof Refused && error.status === 401) signedOut.tell();
    throw error;
  }
}

/** Words for a person: what the server said, else that it said nothing. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Refused)) return String(error);
  if (error.status === 0 || error.status === 503) return t("quality.no_answer");
  if (error.status === 404) return t("quality.gone");
  return error.message || t("quality.refused");
}

function queried(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? path : `${path}?${text}`;
}

const get = <Given>(path: string, query: Query = {}): Promise<Given> => ask<Given>("GET", queried(`/quality/${path}`, query));
const post = <Given>(path: string, body: unknown = {}): Promise<Given> => ask<Given>("POST", `/quality/${path}`, body);
const drop = (path: string): Promise<unknown> => ask("DELETE", `/quality/${path}`);
const id = encodeURIComponent;

export interface Me {
  id: string;
  name: string;
  roles: string[];
}

type Page<Name extends string, One> = { [key in Name]: One[] } & { next: string | null };

export const whoAmI = (): Promise<Me> => ask<Me>("GET", "/me");
export const cards = (): Promise<{ cards: Card[]; problems: number }> => get("cards");
export const people = (): Promise<{ agents: Person[]; reviewers: Person[] }> => get("people");

export const about = (contact: string): Promise<About> => get(`contacts/${id(contact)}`);
export const contacts = (query: Query): Promise<Page<"contacts", Found>> => get("contacts", query);
/** Where the words are said; the server's own search, beside the page's other routes. */
export const words = (query: Query): Promise<{ hits: Hit[]; next: string | null; words?: string[] | string }> =>
  ask("GET", queried("/transcripts/search", query));

export const work = (query: Query): Promise<{ work: Work[]; counts: { open: number; mine: number; done_week: number } }> => get("work", query);
export const take = (contact: string): Promise<Review> => post(`work/${id(contact)}/take`);
export const release = (contact: string): Promise<unknown> => post(`work/${id(contact)}/release`);
export const skip = (contact: string, reason: string): Promise<unknown> => post(`work/${id(contact)}/skip`, { reason });

export const review = (one: string): Promise<Review> => get(`reviews/${id(one)}`);
export const begin = (contact: string, card: string): Promise<Review> => post("reviews", card === "" ? { contact } : { contact, card });

export type Change = Partial<Pick<Answer, "comment" | "at">> & { value: Value };

export interface Saved {
  rev: number;
  answers: Record<string, Answer>;
  comment: string;
  score: Score;
  updated_at: number;
}

export const save = (one: string, body: { rev: number; answers?: Record<string, Change>; comment?: string }, leaving = false): Promise<Saved> =>
  ask("PATCH", `/quality/reviews/${id(one)}`, body, leaving);
export const publish = (one: string, rev: number): Promise<Review> => post(`reviews/${id(one)}/publish`, { rev });
export const discard = (one: string): Promise<unknown> => drop(`reviews/${id(one)}`);
export const acknowledge = (one: string): Promise<Review> => post(`reviews/${id(one)}/acknowledge`);
export const appeal = (one: string, reasons: Record<string, string>, comment: string): Promise<Review> =>
  post(`reviews/${id(one)}/appeal`, { reasons, comment });
export const decide = (one: string, decisions: Record<string, Partial<Decision>>, answer: string): Promise<Review> =>
  post(`reviews/${id(one)}/decide`, { decisions, answer });

export const appeals = (query: Query): Promise<Page<"appeals", { appeal: Appeal; review: Row }>> => get("appeals", query);

export const calibrations = (query: Query): Promise<{ calibrations: Calibration[] }> => get("calibrations", query);
export const calibration = (one: string): Promise<Calibration> => get(`calibrations/${id(one)}`);
export const calibrate = (body: { contact: string; card: string; title: string; evaluators: string[]; reference: string }): Promise<Calibration> =>
  post("calibrations", body.card === "" ? { ...body, card: undefined } : body);
export const join = (one: string): Promise<Review> => post(`calibrations/${id(one)}/join`);
export const close = (one: string): Promise<Calibration> => post(`calibrations/${id(one)}/close`);

export const coaching = (query: Query): Promise<Page<"coaching", Coaching>> => get("coaching", query);
export const coach = (body: { agent: string; contact: string; review: string; at: number | null; text: string }): Promise<Coaching> => post("coaching", body);
export const takeIn = (one: string, answer: string): Promise<Coaching> => post(`coaching/${id(one)}/acknowledge`, { answer });
export const takeBack = (one: string): Promise<unknown> => drop(`coaching/${id(one)}`);

export const mine = (): Promise<Mine> => get("mine");
export const mineCount = (): Promise<{ unseen: number; coaching: number }> => get("mine/count");
export const trend = (query: Query): Promise<{ points: Point[] }> => get("trend", query);
export const agents = (query: Query): Promise<{ agents: AgentFigures[] }> => get("agents", query);
export const questions = (query: Query): Promise<{ card: Card; questions: QuestionFigures[] }> => get("questions", query);
