import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { me } from "../net/api";

/** A page of this server, and who may use it. */
interface Place {
  name: "desk" | "wall" | "quality" | "admin" | "account";
  href: string;
  /** Any of these roles; none named: everybody who is signed in. */
  roles: readonly string[];
}

/** In the order in which they are drawn. Words: `place.NAME` of the catalogue. */
const PLACES: readonly Place[] = [
  { name: "desk", href: "/desk", roles: ["agent", "senior"] },
  { name: "wall", href: "/wall", roles: ["supervisor", "admin"] },
  { name: "quality", href: "/quality", roles: ["agent", "senior", "quality", "supervisor", "admin"] },
  { name: "admin", href: "/admin", roles: ["supervisor", "admin"] },
  { name: "account", href: "/account", roles: [] },
];

/** Who is signed in, as the server says; [] until it has said so. */
export const roles = signal<readonly string[]>([]);

/** Place to how many new things wait there for this person. */
export const waiting = signal<Partial<Record<Place["name"], number>>>({});

/** The places that a person with these roles may go to. */
export function placesFor(held: readonly string[]): Place[] {
  return PLACES.filter((place) => place.roles.length === 0 || place.roles.some((role) => held.includes(role)));
}

/** The pages this person may use, each one click away; nothing where there is but the one that is open. */
export function Nav({ here }: { here: Place["name"] }): JSX.Element | null {
  useEffect(() => void ask(here), []);
  const places = roles.value.length === 0 ? [] : placesFor(roles.value);
  if (places.length < 2) return null;
  return (
    <nav class="places" aria-label={t("place.label")} data-testid="places">
      {places.map(({ name, href }) => {
        const news = waiting.value[name] ?? 0;
        const words = news > 0 ? `${t(`place.${name}`)}, ${t("place.news", { n: news })}` : undefined;
        return (
          <a key={name} href={href} aria-current={name === here ? "page" : undefined} aria-label={words} data-testid={`place-${name}`}>
            {t(`place.${name}`)}
            {news > 0 && <span class="news-count figures" data-testid={`place-news-${name}`}>{news}</span>}
          </a>
        );
      })}
    </nav>
  );
}

/** Without an answer the links stay as they are: the page itself says that the server is gone. */
async function ask(here: Place["name"]): Promise<void> {
  const found = await me();
  if (found === "unknown") return;
  roles.value = found === "no" ? [] : found.roles;
  if (found !== "no" && found.limited !== "" && here !== "account") location.assign("/account");
}
