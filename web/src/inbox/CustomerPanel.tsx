import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Customer } from "./model";
import { choose, join, moreHistory, part } from "./store";
import { Timeline } from "./Timeline";
import { called, plain, t } from "./words";

/** Where to reach them, and what is sure of it. */
export function Reached({ known }: { known: Customer }): JSX.Element {
  return (
    <section class="side-part" data-testid="reached">
      {known.addresses.some((one) => !one.address.startsWith("chat:")) && <h3>{t("time.reached")}</h3>}
      <ul class="addresses">
        {known.addresses
          .filter((one) => !one.address.startsWith("chat:"))
          .map(({ address, verified }) => (
            <li key={address}>
              <span>{plain(address)}</span>
              {!verified && (
                <>
                  <span class="waiting">
                    <span class="shape waiting" aria-hidden="true" /> {t("time.stated")}
                  </span>
                  <button type="button" class="link" data-testid="address-join" onClick={() => void join(address)}>
                    {t("time.join")}
                  </button>
                  <button type="button" class="link" data-testid="address-part" onClick={() => void part(address)}>
                    {t("time.part")}
                  </button>
                </>
              )}
            </li>
          ))}
      </ul>
      {known.customer !== "" && <AddAddress />}
    </section>
  );
}

/** Everything that there was with them, on any channel. */
export function Everything({ known }: { known: Customer }): JSX.Element {
  return (
    <section class="side-part">
      <h3>{t("time.history")}</h3>
      <Timeline entries={known.entries} />
      {known.entries.length >= 50 && (
        <button type="button" class="plain" onClick={() => void moreHistory()}>
          {t("time.more")}
        </button>
      )}
    </section>
  );
}

/** Their tickets that are not done, but for the one that is open. */
export function OpenTickets({ known, open }: { known: Customer; open: string }): JSX.Element | null {
  const rows = known.entries.filter(
    (one) => one.kind === "ticket" && one.id !== open && one.status !== "solved" && one.status !== "closed",
  );
  if (rows.length === 0) return null;
  return (
    <section class="side-part" data-testid="open-tickets">
      <h3>{t("time.tickets")}</h3>
      <ul class="matters">
        {rows.map((one) => (
          <li key={one.id} class="matter">
            <span class="chip figures">{one.id}</span>
            <span>
              <button type="button" class="link" onClick={() => void choose("ticket", one.id)}>
                {one.title || t("ticket.label")}
              </button>{" "}
              <span class="sub">{called("ticket", one.status)}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function AddAddress(): JSX.Element {
  const text = useSignal("");
  return (
    <form
      class="add-address"
      onSubmit={(event) => {
        event.preventDefault();
        const given = text.value.trim();
        if (given === "") return;
        void join(given.includes("@") ? `mailto:${given}` : `tel:${given}`).then((fine) => fine && (text.value = ""));
      }}
    >
      <input
        aria-label={t("time.add")}
        placeholder={t("time.add")}
        value={text.value}
        maxLength={254}
        data-testid="address-new"
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button type="submit" class="action" disabled={text.value.trim() === ""} data-testid="address-add">
        {t("time.add.button")}
      </button>
    </form>
  );
}
