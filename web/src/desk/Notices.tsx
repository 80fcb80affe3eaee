import type { JSX } from "preact";
import { clock, day, named, t, type Key } from "../i18n";
import { roles } from "../ui/Nav";
import { byWhom } from "../ui/why";
import { monitor } from "./call/actions";
import { DeviceNotices } from "./call/DeviceNotices";
import { Line } from "./call/Line";
import { t as lineWords } from "./call/words";
import type { Alert, Told } from "./model";
import { desk, forgetTold, link, microphone, notice, phone, putAway, reasonName, talking } from "./store";

const MIC_BAD = new Set(["denied", "missing", "busy", "lost", "insecure"]);

/** Lines of trouble between the top bar and the story; empty on a good day. */
export function Notices(): JSX.Element {
  const mic = microphone.state.value;
  const told = desk.value.told;
  const needed = desk.value.agent !== null && desk.value.agent.state !== "offline";
  return (
    <div class="notices">
      <div role="status">
        {link.value === "lost" && <Line kind="waiting" id="link-lost" words={t(lostKey())} />}
        {desk.value.media.state === "lost" && <Line kind="attention" id="media-lost" words={t("bar.media.lost")} />}
        {phone.blocked.value && (
          <Line kind="attention" id="sound-blocked" words={t("sound.blocked")}>
            <button type="button" onClick={() => phone.unblock()}>
              {t("sound.play")}
            </button>
          </Line>
        )}
        {told !== null && (
          <Line kind={told.kind === "follow_up" || told.state === "available" ? "waiting" : "attention"} id="told" words={toldWords(told)}>
            <>
              {told.kind === "follow_up_due" && (
                <a href={`#ticket=${told.ticket ?? ""}`} data-testid="follow-open" onClick={forgetTold}>
                  {lineWords("line.follow.open")}
                </a>
              )}
              <button type="button" onClick={forgetTold}>
                {t("notice.close")}
              </button>
            </>
          </Line>
        )}
        {mic === "asking" && <Line kind="waiting" id="mic-asking" words={t("mic.asking")} />}
      </div>
      <div role="alert">
        {needed && MIC_BAD.has(mic) && (
          <Line kind="danger" id="mic-bad" words={t(`mic.${mic}` as Key)}>
            <button type="button" onClick={() => void microphone.open()}>
              {t("mic.retry")}
            </button>
          </Line>
        )}
        <DeviceNotices />
        {desk.value.alerts.map((alert) => (
          <Line key={`${alert.contact_id} ${alert.trigger.at}`} kind="attention" id="alert" words={alertWords(alert)}>
            <>
              {roles.value.includes("supervisor") && alert.contact_id !== desk.value.contact?.id && (
                <button type="button" data-testid="alert-listen" onClick={() => void monitor(alert.contact_id, "listen")}>
                  {lineWords("line.monitor.listen")}
                </button>
              )}
              <button type="button" onClick={() => putAway(alert)}>
                {t("notice.close")}
              </button>
            </>
          </Line>
        ))}
        {notice.value !== "" && (
          <Line kind="attention" id="notice" words={notice.value}>
            <button type="button" onClick={() => (notice.value = "")}>
              {t("notice.close")}
            </button>
          </Line>
        )}
      </div>
    </div>
  );
}

function toldWords(told: Told): string {
  if (told.kind === "follow_up") {
    const at = told.due_at ?? 0;
    return lineWords("line.follow.done", { ticket: told.ticket ?? "", time: `${day(at)} ${clock(at)}` });
  }
  if (told.kind === "follow_up_due") return lineWords("line.follow.due", { time: clock(told.due_at ?? 0), subject: told.subject ?? "" });
  if (told.kind === "broadcast") return t("told.broadcast", { by: told.by ?? "", text: told.text ?? "" });
  if (told.kind === "healed") return t(`told.healed.${told.what ?? "state"}` as Key);
  const reason = told.reason ? reasonName(told.reason) : t("told.no_reason");
  return t(`told.state.${told.state ?? "break"}` as Key, { by: byWhom(told.by ?? ""), reason });
}

function alertWords({ trigger, queue, agent, caller }: Alert): string {
  const kind = named("trigger", trigger.kind === "custom" ? trigger.name : trigger.kind);
  const where = [queue, agent, caller].filter((part) => part).join(" · ");
  return t("notice.alert", { kind, text: trigger.text, where });
}

function lostKey(): Key {
  if (talking.value) return "notice.lost.call";
  return navigator.onLine ? "notice.lost" : "notice.browser.offline";
}
