import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import * as api from "./api";
import { Blank, Chips, More, Read } from "./bits";
import type { Coaching } from "./model";
import { Note, withNote } from "./Notes";
import { PersonSelect } from "./people";
import { usePages } from "./reading";
import { t } from "./words";

const VIEWS = ["open", "all"] as const;

/** Notes to agents, and whether they were read. */
export function CoachingPage(): JSX.Element {
  const view = useSignal<(typeof VIEWS)[number]>("open");
  const agent = useSignal("");
  const query = { open: view.value === "open" ? "yes" : "", agent: agent.value, limit: 50 };
  const list = usePages(JSON.stringify(query), async (before) => {
    const found = await api.coaching({ ...query, before });
    return { rows: found.coaching, next: found.next };
  });
  const rows = list.value?.rows ?? [];
  const put = (id: string) => (note: Coaching | null) => list.change((now) => ({ ...now, rows: withNote(now.rows, id, note) }));
  return (
    <main class="page" data-testid="coaching">
      <header class="head">
        <h1>{t("place.quality.coaching")}</h1>
        <p class="calm">{t("coaching.what")}</p>
      </header>
      <div class="filters">
        <Chips label={t("coaching.view")} names={VIEWS} chosen={view.value} words={(name) => t(`coaching.view.${name}`)} choose={(name) => (view.value = name)} />
        <PersonSelect label={t("quality.agent")} all={t("quality.agents.all")} of="agents" value={agent.value} choose={(id) => (agent.value = id)} />
      </div>
      <Read of={list} empty={rows.length === 0 ? <Blank>{t(view.value === "open" ? "coaching.none.open" : "coaching.none")}</Blank> : undefined}>
        <ul class="notes">{rows.map((note) => <Note key={note.id} note={note} linked changed={put(note.id)} />)}</ul>
        <More next={list.value?.next} more={list.more} />
      </Read>
    </main>
  );
}
