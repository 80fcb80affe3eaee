import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { clock, length } from "../i18n";
import { QUIET_SECONDS, worth } from "./figures";
import { MoodMark, Since } from "./bits";
import type { Call, Phase } from "./model";
import { agentName, callerOf, card, now, part, scope } from "./store";
import { t } from "./words";

const PHASES: (Phase | "")[] = ["", "bot", "waiting", "connected"];
const phase = signal<Phase | "">("");
const MOST = 60;

/** The calls that go on, those first that somebody should look at. */
export function Calls(): JSX.Element {
  const here = part.calls.value.filter((call) => scope.value === "" || call.queue === scope.value);
  const found = worth(here.filter((call) => phase.value === "" || phaseOf(call) === phase.value), now.value);
  return (
    <section class="block calls" aria-labelledby="calls-title" data-testid="calls">
      <header class="head">
        <h2 id="calls-title">{t("wall.calls")}</h2>
        <div class="chips" role="group" aria-label={t("wall.calls.show")}>
          {PHASES.map((one) => (
            <button key={one} type="button" class="chip" aria-pressed={phase.value === one} data-testid={`phase-${one || "all"}`} onClick={() => (phase.value = one)}>
              {t(`wall.phase.${one || "all"}`)} <b class="figures">{one === "" ? here.length : here.filter((call) => phaseOf(call) === one).length}</b>
            </button>
          ))}
        </div>
      </header>
      {found.length === 0 ? (
        <p class="calm blank" data-testid="calls-none">{t("wall.calls.none")}</p>
      ) : (
        <ul class="call-lines">{found.slice(0, MOST).map((call) => <Line key={call.id} call={call} />)}</ul>
      )}
      {found.length > MOST && <p class="calm">{t("wall.calls.more", { n: found.length - MOST })}</p>}
    </section>
  );
}

function phaseOf(call: Call): Phase {
  return call.phase === "offered" ? "waiting" : call.phase;
}

function Line({ call }: { call: Call }): JSX.Element {
  const quiet = call.quiet_since !== null && now.value - call.quiet_since > QUIET_SECONDS;
  const where = [call.agent ? agentName(call.agent) : "", call.queue || call.flow].filter((part) => part).join(" · ");
  return (
    <li>
      <button type="button" class="call-line" data-testid={`call-${call.id}`} data-phase={call.phase} onClick={() => (card.value = { kind: "call", id: call.id })}>
        <b class="who">{callerOf(call)}</b>
        <span class="calm where">{t(`wall.phase.${call.phase}`)} · {where}</span>
        <span class="calm about">{call.label || call.intent}</span>
        <MoodMark mood={call.mood} trend={call.mood_trend} />
        {quiet && <span class="attention">{t("wall.quiet", { time: length(now.value - (call.quiet_since ?? 0)) })}</span>}
        <span class="spread" />
        <span title={t("wall.since_clock", { time: clock(call.started_at) })}><Since at={call.connected_at ?? call.queued_at ?? call.started_at} /></span>
      </button>
    </li>
  );
}
