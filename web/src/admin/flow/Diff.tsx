import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { lines, measure, rows, sideBySide, type Row } from "../text/diff";
import { t } from "../words";

interface Props {
  from: string;
  to: string;
  fromName: string;
  toName: string;
}

/** Two texts against each other, beside each other or in one column. */
export function Diff({ from, to, fromName, toName }: Props): JSX.Element {
  const split = useSignal(matchMedia("(min-width: 60rem)").matches);
  const drawn = rows(lines(from), lines(to));
  const { come, gone } = measure(from, to);
  return (
    <div class="diff" data-testid="diff">
      <div class="bar">
        <span class="figures">
          <b class="good">+{come}</b> <b class="danger">−{gone}</b>
        </span>
        <span class="calm">{t("diff.between", { from: fromName, to: toName })}</span>
        <button type="button" class="plain toggle" aria-pressed={split.value} onClick={() => (split.value = !split.value)} data-testid="diff-split">
          {t("diff.split")}
        </button>
      </div>
      {come + gone === 0 ? (
        <p class="calm pad">{t("diff.same")}</p>
      ) : (
        <div class="diff-lines" tabIndex={0} role="region" aria-label={t("diff.between", { from: fromName, to: toName })}>
          <table class={split.value ? "split" : "one"}>
            <tbody>{split.value ? sideBySide(drawn).map((pair, n) => <Pair key={n} {...pair} />) : drawn.map((row, n) => <One key={n} row={row} />)}</tbody>
          </table>
        </div>
      )}
    </div>
  );
}

const SIGNS = { same: " ", gone: "−", come: "+", skip: "" } as const;

function One({ row }: { row: Row }): JSX.Element {
  if (row.kind === "skip") return <Skip count={row.count} wide={4} />;
  return (
    <tr class={row.kind}>
      <td class="n">{row.kind === "come" ? "" : row.a + 1}</td>
      <td class="n">{row.kind === "gone" ? "" : row.b + 1}</td>
      <td class="sign">{SIGNS[row.kind]}</td>
      <td class="text">{row.text}</td>
    </tr>
  );
}

function Pair({ left, right }: { left: Row | null; right: Row | null }): JSX.Element {
  if (left?.kind === "skip") return <Skip count={left.count} wide={6} />;
  return (
    <tr>
      <Half row={left} side="a" />
      <Half row={right} side="b" />
    </tr>
  );
}

function Half({ row, side }: { row: Row | null; side: "a" | "b" }): JSX.Element {
  if (row === null || row.kind === "skip") return <td colSpan={3} class="nothing" />;
  const number = row.kind === "gone" ? row.a : row.kind === "come" ? row.b : row[side];
  return (
    <>
      <td class={`n ${row.kind}`}>{number + 1}</td>
      <td class={`sign ${row.kind}`}>{SIGNS[row.kind]}</td>
      <td class={`text ${row.kind}`}>{row.text}</td>
    </>
  );
}

function Skip({ count, wide }: { count: number; wide: number }): JSX.Element {
  return (
    <tr class="skip">
      <td colSpan={wide}>{t("diff.skipped", { n: count })}</td>
    </tr>
  );
}
