import "../styles/desk-side.css";
import type { JSX } from "preact";
import { EarlierAdvice } from "./Advice";
import { CalledBack } from "./Earlier";
import { Feeling } from "./Feeling";
import type { Contact } from "./model";
import { Actions } from "./side/Actions";
import { Cards } from "./side/Cards";
import { EmbeddedFrame } from "./side/EmbeddedFrame";
import { History, Tickets } from "./side/History";
import { Lines } from "./side/Lines";
import { Offers } from "./side/Offers";
import { Procedure } from "./side/Procedure";
import { Why } from "./side/Why";
import { Caller, Facts, HandedOver, Wants } from "./Who";
import { WrapUp } from "./WrapUp";

type Module = (props: { contact: Contact }) => JSX.Element | null;

/** What a column may be made of, by the names that scenes have for it (ivr/scenes/model.py). */
export const MODULES: Readonly<Record<string, Module>> = {
  caller: Caller,
  mood: Feeling,
  intent: Wants,
  callback: ({ contact }) => <CalledBack callback={contact.handover.callback} />,
  handover: ({ contact }) => <HandedOver handover={contact.handover} />,
  why: Why,
  facts: Facts,
  offers: Offers,
  tickets: Tickets,
  history: History,
  lines: Lines,
  procedure: Procedure,
  cards: Cards,
  actions: Actions,
  advice: EarlierAdvice,
  wrap_up: WrapUp,
};

const FRAME = "frame:";

/** The modules of a column, in the order of the scene; one that this page does not know is left out. */
export function Composed({ names, contact }: { names: readonly string[]; contact: Contact }): JSX.Element {
  return (
    <>
      {names.map((name) => {
        if (name.startsWith(FRAME)) return <EmbeddedFrame key={name} name={name.slice(FRAME.length)} contact={contact} />;
        const Part = MODULES[name];
        return Part === undefined ? null : <Part key={name} contact={contact} />;
      })}
    </>
  );
}
