import type { ComponentType, JSX } from "preact";
import { Brand } from "../ui/Brand";
import { Icon } from "../ui/icons";
import { Nav } from "../ui/Nav";
import { Said } from "../ui/Said";
import { SignIn, SignInOver } from "../ui/SignIn";
import { Switches } from "../ui/Switches";
import { AgentsPage } from "./Agents";
import { Appeals } from "./Appeals";
import { CalibrationPage } from "./CalibrationPage";
import { Calibrations } from "./Calibrations";
import { CoachingPage } from "./Coaching";
import { Find } from "./Find";
import { Mine } from "./Mine";
import { ContactPage, ReviewPage } from "./Listening";
import { href, route } from "./route";
import { account, begin, judges, leave, news, notice, serves, who } from "./store";
import { t, type QualityKey } from "./words";
import { WorkList } from "./Work";

interface Place {
  name: string;
  page: ComponentType;
  for: "judges" | "serves" | "both";
  /** Not in the row of places, but below one of it. */
  below?: string;
}

const PLACES: readonly Place[] = [
  { name: "work", page: WorkList, for: "judges" },
  { name: "find", page: Find, for: "judges" },
  { name: "appeals", page: Appeals, for: "judges" },
  { name: "calibrations", page: Calibrations, for: "judges" },
  { name: "mine", page: Mine, for: "serves" },
  { name: "coaching", page: CoachingPage, for: "judges" },
  { name: "agents", page: AgentsPage, for: "judges" },
  { name: "contact", page: ContactPage, for: "judges", below: "find" },
  { name: "calibration", page: CalibrationPage, for: "judges", below: "calibrations" },
  { name: "review", page: ReviewPage, for: "both" },
];

function mayBeAt(place: Place): boolean {
  return place.for === "both" || (place.for === "judges" ? judges.value : serves.value);
}

export function App(): JSX.Element {
  const gone = account.value === "signed_out" || account.value === "not_allowed";
  const ready = who.value.id !== "";
  const first = account.value === "not_allowed" ? t("quality.not_allowed") : "";
  const door = { title: t("quality.signin"), hint: t("quality.signin.hint"), first, enter: () => void begin() };
  if (gone && !ready) return <SignIn {...door} />;
  // After the end of a session what was typed stays behind the sign-in, for whoever typed it.
  return (
    <div key={who.value.id} class="quality" data-testid="quality" data-ready={ready}>
      {gone && <SignInOver {...door} />}
      <header class="top">
        <Brand />
        <Nav here="quality" />
        <div class="top-end">
          <span class="whose">{who.value.name || who.value.id}</span>
          <Switches />
          <button type="button" class="plain square" title={t("desk.signout")} aria-label={t("desk.signout")} data-testid="sign-out" onClick={() => void leave()}>
            <Icon name="out" />
          </button>
        </div>
      </header>
      {ready && <Places />}
      <div class="notices">
        <Said notice={notice} />
      </div>
      {ready ? <Here /> : <p class="calm blank" role="status" data-testid="loading">{t(account.value === "away" ? "quality.away" : "quality.loading")}</p>}
    </div>
  );
}

function Here(): JSX.Element {
  const { section, id } = route.value;
  const allowed = PLACES.filter(mayBeAt);
  const place = allowed.find((one) => one.name === section) ?? allowed[0];
  if (place === undefined) return <p class="calm blank">{t("quality.not_allowed")}</p>;
  const Page = place.page;
  return <Page key={`${place.name} ${id}`} />;
}

function Places(): JSX.Element {
  const { section } = route.value;
  const allowed = PLACES.filter(mayBeAt);
  const place = allowed.find((one) => one.name === section) ?? allowed[0];
  const here = place?.below ?? place?.name;
  return (
    <nav class="sections" aria-label={t("quality.places")}>
      {allowed.filter((one) => one.below === undefined && one.name !== "review").map(({ name }) => (
        <a key={name} href={href(name)} aria-current={here === name ? "page" : undefined} data-testid={`section-${name}`}>
          {t(`place.quality.${name}` as QualityKey)}
          {(news.value[name] ?? 0) > 0 && <span class="news-count figures">{news.value[name]}</span>}
        </a>
      ))}
    </nav>
  );
}
