import type { ComponentChildren, JSX } from "preact";
import { language, languageName, length, named, t } from "../i18n";
import { Confidence } from "./Conversation";
import { said } from "./insight";
import type { Contact, Handover } from "./model";
import { Composed } from "./modules";
import { scene } from "./side/store";
import { nameOf, now } from "./store";

/** Who it is, what they want and why they are here: all that need not be asked again. */
export function Who({ contact }: { contact: Contact }): JSX.Element {
  return (
    <section class="panel who" aria-label={t("panel.who")} data-panel="who" data-testid="who">
      <h2>{t("panel.who")}</h2>
      <div class="scroll" tabIndex={0} role="group" aria-label={t("panel.who")}>
        <Composed names={scene.value.who} contact={contact} />
      </div>
    </section>
  );
}

export function Caller({ contact }: { contact: Contact }): JSX.Element {
  const { caller, profile } = contact;
  return (
    <div>
      <div class="name-line">
        <strong class="name" data-testid="caller-name">
          {nameOf(contact)}
        </strong>
        {profile.tier && <span class={`chip tier-${profile.tier}`}>{profile.tier}</span>}
        {contact.language && <span class="chip">{languageName(contact.language)}</span>}
      </div>
      <p class="sub">
        <span class="figures" data-testid="caller-number">
          {caller.number || t("who.withheld")}
        </span>
        {" · "}
        {t(`channel.${contact.channel === "webrtc" || contact.channel === "callback" ? contact.channel : "sip"}`)}
        {" · "}
        {t(caller.authenticated ? "who.verified" : "who.unverified")}
      </p>
    </div>
  );
}

/** What the flow and the customer file know, line by line. */
export function Facts({ contact }: { contact: Contact }): JSX.Element {
  return (
    <dl class="facts">
      <Slots slots={contact.slots} />
      <Fact name={t("who.queue")}>
        {contact.queue}
        <Waited contact={contact} />
      </Fact>
      <Fact name={t("who.sent")}>{contact.signalling?.user_to_user}</Fact>
      <Fact name={t("who.tags")}>{contact.tags.join(", ")}</Fact>
      <Fact name={t("who.products")}>{contact.profile.products?.join(", ")}</Fact>
    </dl>
  );
}

export function Wants({ contact }: { contact: Contact }): JSX.Element {
  const intent = contact.intent;
  return (
    <div class="wants" data-testid="intent">
      <span class="label">{t("who.wants")}</span>
      {intent === null ? (
        <span class="calm">{t("who.unclear")}</span>
      ) : (
        <strong>
          {intent.label || named("intent", intent.name)} <Confidence value={intent.confidence} />
        </strong>
      )}
    </div>
  );
}

/** What the flow noted for the agent; nothing where it noted nothing. */
export function HandedOver({ handover }: { handover: Handover }): JSX.Element | null {
  const { note, summary, facts } = handover;
  const why = (handover.why ?? []).map((words) => said(words, language.value)).filter((words) => words !== "");
  if (!note && !summary && !facts && why.length === 0) return null;
  return (
    <section data-testid="handover">
      <h3>{t("who.handover")}</h3>
      {summary && (
        <p class="summary" data-testid="summary">
          {summary} {handover.summary_by && <Written by={handover.summary_by} />}
        </p>
      )}
      {why.length > 0 && (
        <p class="sub" data-testid="reasons">
          {t("who.because")} <span>{why.join(t("list.comma"))}</span>
        </p>
      )}
      {note?.split("\n").map((line, n) => <p key={n}>{line}</p>)}
      {facts && (
        <dl class="facts">
          <Slots slots={facts} />
        </dl>
      )}
    </section>
  );
}

/** A language model wrote this: it may be wrong. */
function Written({ by }: { by: string }): JSX.Element {
  return (
    <span class="chip written" title={t("who.summary.by", { model: by })} data-testid="summary-by">
      {t("who.summary.llm")}
    </span>
  );
}

function Slots({ slots }: { slots: Record<string, unknown> }): JSX.Element {
  return (
    <>
      {Object.entries(slots).map(([name, value]) => (
        <Fact key={name} name={name.replaceAll("_", " ")}>
          {typeof value === "object" ? JSON.stringify(value) : String(value)}
        </Fact>
      ))}
    </>
  );
}

/** Counts until the agent answered; then it stands. */
function Waited({ contact }: { contact: Contact }): JSX.Element | null {
  if (!contact.queued_at) return null;
  const until = contact.answered_at ?? now();
  return (
    <span class="figures">
      {" · "}
      {t("who.waited")} {length(until - contact.queued_at)}
    </span>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element | null {
  if (children === undefined || children === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
