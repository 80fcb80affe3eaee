import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import * as api from "./api";
import { aboutOf, Blank, callerOf, Read, ScoreMark, StateTag, When } from "./bits";
import type { Coaching, Row } from "./model";
import { Note, withNote } from "./Notes";
import { useCards } from "./people";
import { useReading } from "./reading";
import { href } from "./route";
import { who } from "./store";
import { Breakdown, Trend } from "./Trend";
import { t, textOf } from "./words";

/** One's own: what others say of one's calls. */
export function Mine(): JSX.Element {
  const mine = useReading("mine", () => api.mine());
  const given = mine.value;
  const put = (id: string) => (note: Coaching | null) => mine.change((now) => ({ ...now, notes: withNote(now.notes, id, note) }));
  return (
    <main class="page" data-testid="mine" data-unseen={given?.unseen ?? ""}>
      <header class="head">
        <h1>{t("place.quality.mine")}</h1>
        {given !== null && <p class="calm">{given.unseen + given.coaching === 0 ? t("mine.all_seen") : t("mine.news", { reviews: given.unseen, notes: given.coaching })}</p>}
      </header>
      <Read of={mine}>
        {given !== null && (
          <div class="mine">
            <section class="block">
              <h2>{t("reviews.title")}</h2>
              {given.reviews.length === 0 ? <Blank>{t("mine.none")}</Blank> : <Reviews rows={given.reviews} />}
            </section>
            <section class="block">
              <h2>{t("coaching.title")}</h2>
              {given.notes.length === 0 ? <Blank>{t("mine.no_notes")}</Blank> : <ul class="notes">{given.notes.map((note) => <Note key={note.id} note={note} linked changed={put(note.id)} />)}</ul>}
            </section>
            <section class="block">
              <h2>{t("trend.mine")}</h2>
              <Trend points={given.trend} pass={null} />
            </section>
            <Own />
          </div>
        )}
      </Read>
    </main>
  );
}

function Reviews({ rows }: { rows: Row[] }): JSX.Element {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">{t("quality.call")}</th>
          <th scope="col">{t("card.card")}</th>
          <th scope="col">{t("quality.state")}</th>
          <th scope="col" class="number">{t("quality.score")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id} data-testid="mine-row" data-id={row.id} data-seen={row.seen_at !== null} class={row.seen_at === null && row.state === "published" ? "news" : ""}>
            <th scope="row">
              <a href={href("review", row.id)}>{callerOf(row.contact)}</a>
              <span class="sub"><When at={row.contact?.started_at ?? null} /> {aboutOf(row.contact)}</span>
            </th>
            <td>{textOf(row.card_title) || row.card} <span class="sub">{row.evaluator === "automatic" ? "" : row.evaluator_name || row.evaluator}</span></td>
            <td>{row.seen_at === null && row.state === "published" ? <span class="tag news">{t("mine.new")}</span> : <StateTag row={row} />}</td>
            <td class="number"><ScoreMark score={row.score} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How one's answers fell, question by question. */
function Own(): JSX.Element | null {
  const card = useCards()[0];
  const from = useMemo(() => Math.floor(Date.now() / 1000) - 90 * 86_400, []);
  const questions = useReading(card?.name ?? "", () => (card === undefined ? Promise.resolve(null) : api.questions({ card: card.name, agent: who.value.id, evaluator: "people", from })));
  if (questions.value === null) return null;
  return (
    <section class="block">
      <h2>{t("trend.questions")} <span class="sub">{textOf(card?.title)}</span></h2>
      <Breakdown {...questions.value} />
    </section>
  );
}
