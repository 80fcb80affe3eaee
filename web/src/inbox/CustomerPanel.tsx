import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { customer, join, moreHistory, part } from "./store";
import { Timeline } from "./Timeline";
import { plain, t } from "./words";

/** Who this is: where to reach them, and everything so far. */
export function CustomerPanel(): JSX.Element {
  const known = customer.value;
  return (
    <section class="panel inbox-customer" aria-label={t("time.title")} data-testid="customer">
      <h2>{t("time.title")}</h2>
      {known === null ? (
        <p class="calm inbox-nothing">{t("inbox.loading")}</p>
      ) : (
        <div class="scroll">
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
          <h3>{t("time.history")}</h3>
          <Timeline entries={known.entries} />
          {known.entries.length >= 50 && (
            <button type="button" class="plain" onClick={() => void moreHistory()}>
              {t("time.more")}
            </button>
          )}
        </div>
      )}
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
