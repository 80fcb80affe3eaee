import type { JSX, TargetedEvent } from "preact";
import { length, named } from "../i18n";
import * as api from "./api";
import { aboutOf, Blank, callerOf, More, MoodMark, Read, ScoreMark, When } from "./bits";
import type { Found, Hit } from "./model";
import { usePeople } from "./people";
import { usePages } from "./reading";
import { go, href, route } from "./route";
import { grouped, queryOf, type Asked } from "./finding";
import { t } from "./words";

/** Find contacts: by the words that were said in them, or by what is known of them. */
export function Find(): JSX.Element {
  const asked = queryOf(route.value.query);
  return (
    <main class="page" data-testid="find">
      <header class="head"><h1>{t("find.title")}</h1></header>
      <Form key={JSON.stringify(asked)} asked={asked} />
      {asked.q.trim() === "" ? <Contacts asked={asked} /> : <Words asked={asked} />}
    </main>
  );
}

const SPEAKERS = ["caller", "agent", "bot"] as const;
const MOODS = ["calm", "tense", "angry"] as const;

function Form({ asked }: { asked: Asked }): JSX.Element {
  const agents = usePeople().agents;
  const words = asked.q.trim() !== "";
  const submit = (event: TargetedEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    go("find", "", Object.fromEntries([...fields].map(([name, value]) => [name, String(value).trim()])));
  };
  const again = (event: TargetedEvent<HTMLSelectElement | HTMLInputElement>): void => event.currentTarget.form?.requestSubmit();
  return (
    <form class="filters find" role="search" onSubmit={submit}>
      <input class="words" type="search" name="q" maxLength={100} defaultValue={asked.q} placeholder={t("find.words")} aria-label={t("find.words")} data-testid="find-words" />
      <button type="submit" class="primary" data-testid="find-send">{t("find.send")}</button>
      <div class="filters">
        <select name="agent" aria-label={t("quality.agent")} value={asked.agent} data-testid="find-agent" onChange={again}>
          <option value="">{t("quality.agents.all")}</option>
          {agents.map(({ id, name }) => <option key={id} value={id}>{name || id}</option>)}
        </select>
        <input name="queue" maxLength={64} defaultValue={asked.queue} placeholder={t("quality.queue")} aria-label={t("quality.queue")} data-testid="find-queue" onChange={again} />
        <input type="date" name="from" defaultValue={asked.from} aria-label={t("find.from")} title={t("find.from")} data-testid="find-from" onChange={again} />
        <input type="date" name="to" defaultValue={asked.to} aria-label={t("find.to")} title={t("find.to")} data-testid="find-to" onChange={again} />
        <select name="mood" aria-label={t("find.mood")} value={asked.mood} data-testid="find-mood" onChange={again}>
          <option value="">{t("find.mood.all")}</option>
          {MOODS.map((name) => <option key={name} value={name}>{named("mood", name)}</option>)}
        </select>
        {words ? (
          <select name="speaker" aria-label={t("find.speaker")} value={asked.speaker} data-testid="find-speaker" onChange={again}>
            <option value="">{t("find.speaker.all")}</option>
            {SPEAKERS.map((name) => <option key={name} value={name}>{t(`speaker.${name}`)}</option>)}
          </select>
        ) : (
          <>
            <select name="reviewed" aria-label={t("find.reviewed")} value={asked.reviewed} data-testid="find-reviewed" onChange={again}>
              <option value="">{t("find.reviewed.all")}</option>
              <option value="no">{t("find.reviewed.no")}</option>
              <option value="yes">{t("find.reviewed.yes")}</option>
            </select>
            <select name="most" aria-label={t("find.most")} value={asked.most} data-testid="find-most" onChange={again}>
              <option value="">{t("find.most.all")}</option>
              {["50", "60", "70", "80"].map((score) => <option key={score} value={score}>{t("find.most.up_to", { n: score })}</option>)}
            </select>
          </>
        )}
      </div>
    </form>
  );
}

function Words({ asked }: { asked: Asked }): JSX.Element {
  const query = { q: asked.q, agent: asked.agent, queue: asked.queue, from: asked.since, to: asked.until, mood: asked.mood, speaker: asked.speaker, limit: 30 };
  const list = usePages(JSON.stringify(query), async (before) => {
    const found = await api.words({ ...query, before });
    return { rows: found.hits, next: found.next };
  });
  const rows = list.value?.rows ?? [];
  return (
    <Read of={list} empty={rows.length === 0 ? <Blank>{t("find.none", { words: asked.q })}</Blank> : undefined}>
      <ul class="hits" data-testid="hits">
        {grouped(rows).map(({ contact, hits }) => (
          <li key={contact.id} class="block" data-testid="hit-contact" data-contact={contact.id}>
            <h2>
              <a href={href("contact", contact.id)}>{contact.caller_name || t("who.unknown")}</a>
              <span class="sub">{[contact.agent_name || contact.agent_id, contact.queue].filter(Boolean).join(" · ")} <When at={contact.started_at} /></span>
            </h2>
            <ul>{hits.map((hit) => <Said key={hit.turn} hit={hit} words={asked.q} />)}</ul>
          </li>
        ))}
      </ul>
      <More next={list.value?.next} more={list.more} />
    </Read>
  );
}

/** One thing said, with the words that were sought; a click plays from there. */
function Said({ hit, words }: { hit: Hit; words: string }): JSX.Element {
  return (
    <li>
      <a class={`hit ${hit.speaker}`} href={href("contact", hit.contact.id, { at: hit.second, turn: hit.turn, q: words })} data-testid="hit">
        <span class="sub figures">{length(hit.second)}</span>
        <span class="sub">{t(`speaker.${hit.speaker as "caller"}`)}</span>
        <span class="words">{hit.snippet.map((part, n) => (part.hit ? <mark key={n}>{part.text}</mark> : part.text))}</span>
        <MoodMark mood={hit.mood} />
      </a>
    </li>
  );
}

function Contacts({ asked }: { asked: Asked }): JSX.Element {
  const query = { agent: asked.agent, queue: asked.queue, from: asked.since, to: asked.until, mood: asked.mood, reviewed: asked.reviewed, most: asked.most, limit: 50 };
  const list = usePages(JSON.stringify(query), async (before) => {
    const found = await api.contacts({ ...query, before });
    return { rows: found.contacts, next: found.next };
  });
  const rows = list.value?.rows ?? [];
  return (
    <Read of={list} empty={rows.length === 0 ? <Blank>{t("find.no_contacts")}</Blank> : undefined}>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">{t("quality.call")}</th>
            <th scope="col">{t("quality.agent")}</th>
            <th scope="col">{t("quality.mood_end")}</th>
            <th scope="col" class="number">{t("trend.automatic")}</th>
            <th scope="col" class="number">{t("reviews.title")}</th>
          </tr>
        </thead>
        <tbody>{rows.map((one) => <ContactRow key={one.contact.id} one={one} />)}</tbody>
      </table>
      <More next={list.value?.next} more={list.more} />
    </Read>
  );
}

function ContactRow({ one }: { one: Found }): JSX.Element {
  const { contact } = one;
  return (
    <tr data-testid="contact-row" data-contact={contact.id}>
      <th scope="row">
        <a href={href("contact", contact.id)}>{callerOf(contact)}</a>
        <span class="sub"><When at={contact.started_at} /> {aboutOf(contact)}{!contact.recorded && ` · ${t("find.unrecorded")}`}</span>
      </th>
      <td>{contact.agent_name || contact.agent_id}</td>
      <td><MoodMark mood={contact.mood} /></td>
      <td class="number"><ScoreMark score={one.automatic} /></td>
      <td class="number figures">{one.reviews}</td>
    </tr>
  );
}
