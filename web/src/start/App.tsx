import { effect, signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { t } from "../i18n";
import { fetchHealth, type Health } from "../net/api";
import { Brand } from "../ui/Brand";
import { Icon } from "../ui/icons";
import { Switches } from "../ui/Switches";

/** `null` while looking, `false` where nothing answers. */
const health = signal<Health | null | false>(null);
const RETRY_MS = 3000;

async function look(): Promise<void> {
  health.value = (await fetchHealth()) ?? false;
  if (health.value === false) setTimeout(() => void look(), RETRY_MS);
}
void look();
effect(() => {
  document.title = t("start.title");
});

export function App(): JSX.Element {
  const found = health.value;
  return (
    <div class="start" data-testid="start">
      <header class="page-top">
        <Brand />
        <Switches />
      </header>
      <main>
        <Status />
        <h1>{t("start.tagline")}</h1>
        <div class="doors">
          <Door href="/call" icon="phone" title={t("start.call")} sub={t("start.call.sub")} id="to-call" />
          <Door href="/desk" icon="desk" title={t("start.desk")} sub={t("start.desk.sub")} id="to-desk" />
          <Door href="/wall" icon="board" title={t("start.wall")} sub={t("start.wall.sub")} id="to-wall" />
          <Door href="/admin" icon="flow" title={t("start.admin")} sub={t("start.admin.sub")} id="to-admin" />
        </div>
        {found && <Sip addresses={found.sip} />}
        <section class="steps">
          <h2>{t("start.try")}</h2>
          <ol>
            <li>{t("start.step1")}</li>
            <li>{t("start.step2")}</li>
            <li>{t("start.step3")}</li>
          </ol>
        </section>
        {found && <Speech speech={found.speech} />}
        {found && <Flows flows={found.flows} />}
        <Docs />
      </main>
    </div>
  );
}

function Status(): JSX.Element {
  const found = health.value;
  if (found === null) return <p class="status">{t("start.checking")}</p>;
  if (found === false) {
    return (
      <p class="status danger" role="status" data-testid="health">
        <span class="shape danger" aria-hidden="true" /> {t("start.down")} <code>make run</code>
      </p>
    );
  }
  return (
    <p class="status good" role="status" data-testid="health">
      <span class="shape good" aria-hidden="true" /> {t("start.running")}{" "}
      <span class="sub">{t("start.version", { version: found.version })}</span>
    </p>
  );
}

interface DoorProps {
  href: string;
  icon: "phone" | "desk" | "board" | "flow";
  title: string;
  sub: string;
  id: string;
}

function Door({ href, icon, title, sub, id }: DoorProps): JSX.Element {
  return (
    <a class="door" href={href} data-testid={id}>
      <Icon name={icon} size={24} />
      <span>
        <strong>{title}</strong>
        <small>{sub}</small>
      </span>
    </a>
  );
}

function Sip({ addresses }: { addresses: string[] }): JSX.Element {
  return (
    <section class="sip">
      <h2>{t("start.sip")}</h2>
      {addresses.length === 0 && <p class="calm">{t("start.sip.none")}</p>}
      {addresses.map((address) => (
        <Address key={address} address={address} />
      ))}
      {addresses.length > 0 && <p class="hint">{t("start.sip.hint")}</p>}
    </section>
  );
}

function Address({ address }: { address: string }): JSX.Element {
  const copied = useSignal(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard?.writeText(address);
    copied.value = true;
    setTimeout(() => (copied.value = false), 2000);
  };
  return (
    <p class="address">
      <code data-testid="sip-address">{address}</code>
      <button type="button" onClick={() => void copy()}>
        <Icon name={copied.value ? "check" : "copy"} /> {t(copied.value ? "start.copied" : "start.copy")}
      </button>
    </p>
  );
}

function Speech({ speech }: { speech: Record<string, string | null> }): JSX.Element {
  const missing = Object.keys(speech).filter((code) => !speech[code]);
  return (
    <section data-testid="speech">
      <h2>{t("start.speech")}</h2>
      <dl class="facts">
        {Object.entries(speech).map(([code, model]) => (
          <div key={code}>
            <dt>{code === "zh" || code === "en" ? t(`start.speech.${code}`) : code}</dt>
            <dd class={model ? "" : "attention"}>
              <span class={model ? "shape good" : "shape attention"} aria-hidden="true" /> {model ?? t("start.speech.none")}
            </dd>
          </div>
        ))}
      </dl>
      {missing.length > 0 && (
        <p>
          {t("start.speech.install")} <code>.venv/bin/ivr models list</code> <code>.venv/bin/ivr models install NAME</code>
        </p>
      )}
      <p class="hint">{t("start.speech.local")}</p>
    </section>
  );
}

function Flows({ flows }: { flows: string[] }): JSX.Element {
  return (
    <section>
      <h2>{t("start.flows")}</h2>
      <p>
        {flows.length === 0 && <span class="calm">{t("start.flows.none")}</span>}
        {flows.map((flow) => (
          <code key={flow}>{flow}</code>
        ))}
      </p>
    </section>
  );
}

function Docs(): JSX.Element {
  return (
    <section>
      <h2>{t("start.docs")}</h2>
      <ul class="docs">
        <li>
          <code>README.md</code> {t("start.docs.readme")}
        </li>
        <li>
          <code>docs/pages.md</code> {t("start.docs.pages")}
        </li>
        <li>
          <code>docs/desk-protocol.md</code> {t("start.docs.protocol")}
        </li>
        <li>
          <a href="/api/v1/health">/api/v1/health</a> {t("start.docs.health")}
        </li>
      </ul>
    </section>
  );
}
