import { signal } from "@preact/signals";
import { decoded } from "../ui/hash";

/** `#/flows/telecom?line=4` is section `flows`, rest `["telecom"]`. */
export interface Route {
  section: string;
  rest: string[];
  query: URLSearchParams;
}

export const SECTIONS = ["flows", "prompts", "live", "queues", "hours", "trunks", "knowledge", "versions", "people", "audit", "webhooks"] as const;

/** Sections that only administrators see. */
export const ADMINS: readonly string[] = ["people", "audit", "webhooks"];

export const route = signal<Route>(parse(location.hash));

/** Asked before the page is left; a text that is not kept anywhere says false. */
const guards = new Set<() => boolean>();

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [section = "", ...rest] = path.split("/").map(decoded);
  return { section: section === "" ? "flows" : section, rest: rest.filter((one) => one !== ""), query: new URLSearchParams(query) };
}

export function href(section: string, rest: readonly string[] = [], query: Record<string, string | number> = {}): string {
  const path = [section, ...rest].map(encodeURIComponent).join("/");
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  return `#/${path}${search === "" ? "" : `?${search}`}`;
}

export function go(section: string, rest: readonly string[] = [], query: Record<string, string | number> = {}): void {
  location.hash = href(section, rest, query);
}

/** Warn before the tab is closed while `unsaved` says so. */
export function guard(unsaved: () => boolean): () => void {
  guards.add(unsaved);
  return () => guards.delete(unsaved);
}

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});
addEventListener("beforeunload", (event) => {
  if ([...guards].some((unsaved) => unsaved())) event.preventDefault();
});
