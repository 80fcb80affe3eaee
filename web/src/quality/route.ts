import { signal } from "@preact/signals";
import { decoded } from "../ui/hash";

/** `#/contact/c-1?at=12` is section `contact`, id `c-1`, `at` 12. */
export interface Route {
  section: string;
  id: string;
  query: URLSearchParams;
}

export const route = signal<Route>(parse(location.hash));

/** What must be kept before another place is drawn; returns once it is. */
const leaving = new Set<() => void>();

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [section = "", id = ""] = path.split("/").map(decoded);
  return { section, id, query: new URLSearchParams(query) };
}

export function href(section: string, id = "", query: Record<string, string | number> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${encodeURIComponent(section)}${id === "" ? "" : `/${encodeURIComponent(id)}`}${search === "" ? "" : `?${search}`}`;
}

export function go(section: string, id = "", query: Record<string, string | number> = {}): void {
  location.hash = href(section, id, query);
}

/** Called whenever this place is left, by a link or with the tab; returns how to be called no more. */
export function onLeaving(keep: () => void): () => void {
  leaving.add(keep);
  return () => void leaving.delete(keep);
}

addEventListener("hashchange", () => {
  for (const keep of leaving) keep();
  route.value = parse(location.hash);
});
addEventListener("pagehide", () => {
  for (const keep of leaving) keep();
});
