import type { JSX } from "preact";
import type { Contact } from "../model";
import { fits, type Offer } from "./book";
import { book, marked, opened, put, roles } from "./store";
import { s, told } from "./words";

/** What may be offered to this caller, and what became of it. */
export function Offers({ contact }: { contact: Contact }): JSX.Element | null {
  const offers = book.value.offers.filter((one) => fits(one.fits, contact, roles.value));
  if (offers.length === 0) return null;
  return (
    <section class="side-part offers" data-testid="offers">
      <h3>{s("side.offers")}</h3>
      <ul>
        {offers.map((offer) => (
          <Row key={offer.name} offer={offer} />
        ))}
      </ul>
    </section>
  );
}

function Row({ offer }: { offer: Offer }): JSX.Element {
  const became = marked("offer", offer.name);
  const text = told(offer.text);
  const set = (value: string): void => {
    void put({ kind: "offer", name: offer.name, value });
    if (value === "accepted" && offer.action !== "") opened.value = offer.action;
  };
  return (
    <li class={`offer ${became}`} data-testid={`offer-${offer.name}`} data-state={became}>
      <strong>{told(offer.title)}</strong>
      {text !== "" && <p>{text}</p>}
      <p class="offer-foot">
        {became === "" ? (
          (["accepted", "declined"] as const).map((value) => (
            <button key={value} type="button" class="small" data-testid={`offer-${value}`} onClick={() => set(value)}>
              {s(`side.offer.${value}`)}
            </button>
          ))
        ) : (
          <>
            <span class={`offer-state ${became}`}>{s(became === "accepted" ? "side.offer.accepted" : "side.offer.declined")}</span>
            <button type="button" class="small" onClick={() => set("")}>
              {s("side.offer.undo")}
            </button>
          </>
        )}
      </p>
    </li>
  );
}
