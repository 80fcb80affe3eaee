import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Contact } from "../model";
import type { Card, CardTitle } from "./book";
import { book, cards, fetchCard, findCards, marked, pushed, put, scene } from "./store";
import { s, told } from "./words";

const TYPED_MS = 180;

const query = signal("");
/** What the last search found; null where it did not answer. */
const found = signal<Card[] | null>([]);

/** Knowledge: what is being said puts cards forward; any word finds others; without one the most used stand there. */
export function Cards({ contact }: { contact: Contact }): JSX.Element | null {
  const tags = scene.value.tags;
  const there = book.value.cards.length > 0;
  useEffect(() => {
    query.value = "";
  }, [contact.id]);
  const typed = query.value;
  useEffect(() => {
    if (!there) return;
    let old = false;
    const timer = setTimeout(
      () => void findCards(typed.trim(), tags).then((cards) => (old ? undefined : (found.value = cards))),
      typed === "" ? 0 : TYPED_MS,
    );
    return () => {
      old = true;
      clearTimeout(timer);
    };
  }, [typed, tags.join(), there, book.value.version]);
  if (!there) return null;
  const forward = pushed.value.flatMap((one) => {
    const title = book.value.cards.find((card) => card.name === one.name);
    return title === undefined ? [] : [{ title, why: one.why }];
  });
  const others = (found.value ?? []).filter((card) => typed !== "" || forward.every((one) => one.title.name !== card.name));
  return (
    <section class="side-part cards" data-testid="cards">
      <h3>{s("side.cards")}</h3>
      <input
        type="search"
        value={typed}
        aria-label={s("side.cards.search")}
        placeholder={s("side.cards.placeholder")}
        maxLength={200}
        data-testid="card-search"
        onInput={(event) => (query.value = event.currentTarget.value)}
      />
      <div role="status" aria-live="polite" class="card-group" data-testid="cards-pushed">
        {typed === "" && forward.length > 0 && (
          <>
            <p class="label">{s("side.cards.pushed")}</p>
            {forward.map(({ title, why }) => (
              <CardRow key={title.name} title={title} why={why} />
            ))}
          </>
        )}
      </div>
      {found.value === null && <p class="calm">{s("side.cards.failed")}</p>}
      {found.value !== null && typed !== "" && others.length === 0 && <p class="calm">{s("side.cards.none")}</p>}
      {others.length > 0 && (
        <div class="card-group" data-testid="cards-found">
          <p class="label">{s(typed === "" ? "side.cards.most" : "side.cards.found")}</p>
          {others.map((card) => (
            <CardRow key={card.name} title={card} why="" />
          ))}
        </div>
      )}
    </section>
  );
}

function CardRow({ title, why }: { title: CardTitle; why: string }): JSX.Element {
  const open = useSignal(false);
  const card = cards.value[title.name];
  const onToggle = (event: { currentTarget: HTMLDetailsElement }): void => {
    open.value = event.currentTarget.open;
    if (!open.value) return;
    void fetchCard(title.name);
    if (marked("card", title.name) === "") void put({ kind: "card", name: title.name, value: "opened" });
  };
  return (
    <details class="know" data-testid={`card-${title.name}`} onToggle={onToggle}>
      <summary>
        {told(title.title)} {why !== "" && <span class="sub">{s("side.cards.said", { why })}</span>}
      </summary>
      {open.value && (card === undefined ? <p class="calm">{s("side.cards.loading")}</p> : <Text card={card} />)}
    </details>
  );
}

function Text({ card }: { card: Card }): JSX.Element {
  const worth = marked("card", card.name);
  const judge = (value: string): void => void put({ kind: "card", name: card.name, value: worth === value ? "opened" : value });
  return (
    <>
      <p class="card-text">{told(card.text).trim()}</p>
      <p class="card-foot">
        {(["useful", "useless"] as const).map((value) => (
          <button
            key={value}
            type="button"
            class="small"
            aria-pressed={worth === value}
            data-testid={`card-${value}`}
            onClick={() => judge(value)}
          >
            {s(`side.cards.${value}`)}
          </button>
        ))}
        <span role="status" class="sub">
          {worth === "useful" || worth === "useless" ? s("side.cards.thanks") : ""}
        </span>
        {card.link !== "" && (
          <a href={card.link} target="_blank" rel="noreferrer noopener">
            {s("side.cards.link")}
          </a>
        )}
      </p>
    </>
  );
}
