import { effect, useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Counts, Diagram as Drawn } from "../api";
import { t } from "../words";
import { busiest, gaveUp } from "./live";
import type { Workspace } from "./workspace";

const NS = "http://www.w3.org/2000/svg";

/** The flow as a picture beside its text: a click goes to the text, the cursor shows the state. */
export function Diagram({ workspace }: { workspace: Workspace }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const zoom = useSignal(0);
  useEffect(() => draw(box.current!, workspace, zoom), [workspace]);
  const scale = (by: number): void => {
    zoom.value = Math.min(3, Math.max(0.25, (zoom.value === 0 ? shown(box.current!) : zoom.value) * by));
  };
  const drawn = workspace.diagram.value;
  return (
    <section class="diagram" aria-label={t("diagram.label")} data-testid="diagram">
      <div class="bar">
        <button type="button" class="plain square" aria-label={t("diagram.smaller")} title={t("diagram.smaller")} onClick={() => scale(0.8)}>−</button>
        <button type="button" class="plain" onClick={() => (zoom.value = 0)}>{t("diagram.fit")}</button>
        <button type="button" class="plain square" aria-label={t("diagram.larger")} title={t("diagram.larger")} onClick={() => scale(1.25)}>+</button>
        <Toggle on={workspace.direction.value === "right"} id="diagram-right" words={t("diagram.right")} set={(on) => (workspace.direction.value = on ? "right" : "down")} />
        <Toggle on={workspace.inherited.value} id="diagram-inherited" words={t("diagram.inherited")} set={(on) => (workspace.inherited.value = on)} />
        <Toggle on={workspace.live.value} id="diagram-live" words={t("diagram.live")} set={(on) => (workspace.live.value = on)} />
        {workspace.run.value?.coverage != null && (
          <Toggle on={workspace.showCoverage.value} id="diagram-coverage" words={t("diagram.coverage")} set={(on) => (workspace.showCoverage.value = on)} />
        )}
      </div>
      <div class="canvas" ref={box} data-testid="diagram-canvas" tabIndex={0} role="group" aria-label={t("diagram.keys")} />
      {drawn !== null && drawn.svg === null && (
        <p class="calm pad" data-testid="diagram-none">
          {t("diagram.none")}{" "}
          <button type="button" class="tab-text" data-testid="diagram-problems" onClick={() => (workspace.panel.value = "text")}>
            {t("diagram.problems")}
          </button>
        </p>
      )}
      {drawn === null && <p class="calm pad" role="status">{t("admin.loading")}</p>}
      <Today workspace={workspace} />
    </section>
  );
}

function Toggle({ on, words, set, id }: { on: boolean; words: string; set(on: boolean): void; id: string }): JSX.Element {
  return (
    <button type="button" class="plain toggle" aria-pressed={on} data-testid={id} onClick={() => set(!on)}>
      {words}
    </button>
  );
}

/** What happens now and happened today, in the state of the cursor and in the flow. */
function Today({ workspace }: { workspace: Workspace }): JSX.Element | null {
  const counts = workspace.counts.value;
  if (counts === null || !workspace.live.value) return null;
  const state = workspace.current.value;
  const lost = gaveUp(counts, state);
  return (
    <p class="today figures" data-testid="today">
      <span>
        <b>{counts.flow}</b> {t("live.calls", { now: counts.calls.now, today: counts.calls.today })}
      </span>
      {state !== "" && (
        <span>
          <b>{state}</b> {t("live.state", { now: counts.now[state] ?? 0, today: counts.entered[state] ?? 0 })}
          {lost > 0 && <span class="danger"> {t("live.lost", { n: lost })}</span>}
        </span>
      )}
    </p>
  );
}

function draw(box: HTMLElement, workspace: Workspace, zoom: Signal<number>): () => void {
  let svg: SVGSVGElement | null = null;
  let missing = true;
  const follow = (scroll: boolean): void => void (missing = !mark(box, svg, workspace, scroll));
  const ends = [
    effect(() => {
      const drawn = workspace.diagram.value;
      if (drawn === null || drawn.svg === null) return;
      const parsed = new DOMParser().parseFromString(drawn.svg, "image/svg+xml").documentElement;
      svg = document.importNode(parsed, true) as unknown as SVGSVGElement;
      prepare(svg, drawn, workspace);
      // Its size comes first: in a box with nothing to scroll the place where a person looks would be lost.
      size(box, svg, drawn, zoom.peek());
      box.replaceChildren(svg);
      overlay(svg, drawn, workspace.live.peek() ? workspace.counts.peek() : null);
      follow(missing);
    }),
    effect(() => {
      const scale = zoom.value;
      const drawn = workspace.diagram.peek();
      if (svg !== null && drawn !== null) size(box, svg, drawn, scale);
    }),
    effect(() => {
      const counts = workspace.live.value ? workspace.counts.value : null;
      const drawn = workspace.diagram.peek();
      if (svg !== null && drawn !== null) overlay(svg, drawn, counts);
    }),
    effect(() => {
      void [workspace.current.value, workspace.playing.value];
      follow(true);
    }),
  ];
  const watcher = new ResizeObserver(() => {
    const drawn = workspace.diagram.peek();
    if (svg !== null && drawn !== null && zoom.peek() === 0) size(box, svg, drawn, 0);
  });
  watcher.observe(box);
  return () => {
    watcher.disconnect();
    for (const end of ends) end();
  };
}

function prepare(svg: SVGSVGElement, drawn: Drawn, workspace: Workspace): void {
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", t("diagram.label"));
  const states = drawn.nodes.filter((node) => node.line !== null);
  for (const node of states) {
    const group = svg.querySelector<SVGGElement>(`#${CSS.escape(node.id)}`);
    if (group === null) continue;
    group.setAttribute("tabindex", "-1");
    group.setAttribute("role", "button");
  }
  svg.addEventListener("click", (event) => {
    const group = (event.target as Element).closest<SVGElement>("[data-line]");
    if (group !== null) workspace.goTo(Number(group.dataset["line"]), Number(group.dataset["column"] ?? 1), true);
  });
  svg.addEventListener("keydown", (event) => {
    const group = (event.target as Element).closest<SVGGElement>("[data-state]");
    const at = states.findIndex((node) => node.state === group?.dataset["state"]);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (group !== null) workspace.goTo(Number(group.dataset["line"]), Number(group.dataset["column"] ?? 1), true);
      return;
    }
    const step = event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : event.key === "ArrowUp" || event.key === "ArrowLeft" ? -1 : 0;
    const next = states[at + step];
    if (step === 0 || at < 0 || next === undefined) return;
    event.preventDefault();
    svg.querySelector<SVGGElement>(`#${CSS.escape(next.id)}`)?.focus();
    if (next.line !== null) workspace.goTo(next.line, next.column ?? 1, false);
  });
}

function size(box: HTMLElement, svg: SVGSVGElement, drawn: Drawn, zoom: number): void {
  const scale = zoom === 0 ? fitting(box, drawn) : zoom;
  svg.style.width = `${Math.round(drawn.width * scale)}px`;
  svg.style.height = `${Math.round(drawn.height * scale)}px`;
}

/** As wide as the box, but readable: never below three quarters nor above life size. */
function fitting(box: HTMLElement, drawn: Drawn): number {
  return Math.min(1, Math.max(0.75, (box.clientWidth - 16) / Math.max(1, drawn.width)));
}

function shown(box: HTMLElement): number {
  const svg = box.querySelector("svg");
  return svg === null ? 1 : svg.clientWidth / Math.max(1, svg.viewBox.baseVal.width);
}

/** Mark the state of the cursor and the one that is played; says whether the one to look at is in the picture. */
function mark(box: HTMLElement, svg: SVGSVGElement | null, workspace: Workspace, scroll: boolean): boolean {
  if (svg === null) return false;
  const [current, playing] = [workspace.current.peek(), workspace.playing.peek()];
  // Before there is a cursor in a state one sees where the flow begins: of a wide one the corner is empty.
  const wanted = playing || current || (workspace.flow.peek()?.entry ?? "");
  let target: SVGGElement | null = null;
  for (const group of svg.querySelectorAll<SVGGElement>("g[data-state]")) {
    const state = group.dataset["state"];
    group.classList.toggle("current", state === current);
    group.classList.toggle("playing", playing !== "" && state === playing);
    group.setAttribute("tabindex", state === current ? "0" : "-1");
    if (state === wanted) target = group;
  }
  if (target !== null && scroll && !box.contains(document.activeElement)) bringIn(box, target);
  return target !== null;
}

/** Scroll the box alone, and only as far as it needs. */
function bringIn(box: HTMLElement, target: Element): void {
  const [outer, inner] = [box.getBoundingClientRect(), target.getBoundingClientRect()];
  if (inner.width === 0) return;
  const margin = 24;
  if (inner.top < outer.top + margin || inner.bottom > outer.bottom - margin) box.scrollTop += (inner.top + inner.bottom - outer.top - outer.bottom) / 2;
  if (inner.left < outer.left || inner.right > outer.right) box.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
}

/** Numbers of callers beside their states, and the busiest edges thicker. */
function overlay(svg: SVGSVGElement, drawn: Drawn, counts: Counts | null): void {
  svg.querySelector(".live")?.remove();
  const hot = new Set(counts === null ? [] : busiest(counts));
  for (const group of svg.querySelectorAll<SVGElement>("[data-key]")) group.classList.toggle("hot", hot.has(group.dataset["key"] ?? ""));
  if (counts === null) return;
  const layer = document.createElementNS(NS, "g");
  layer.setAttribute("class", "live");
  for (const node of drawn.nodes) {
    if (node.state === "") continue;
    const now = counts.now[node.state] ?? 0;
    const entered = counts.entered[node.state] ?? 0;
    const lost = gaveUp(counts, node.state);
    // The server gives centres.
    const [right, low] = [node.x + node.width / 2, node.y + node.height / 2];
    if (entered > 0) layer.append(words("entered", right + 5, node.y + 4, `${entered}`, "start"));
    if (lost > 0) layer.append(words("lost", right - 8, low + 12, `✕ ${lost}`, "end"));
    if (now > 0) layer.append(...badge(right, node.y - node.height / 2, now));
  }
  svg.append(layer);
}

function words(name: string, x: number, y: number, text: string, anchor: string): SVGElement {
  const made = document.createElementNS(NS, "text");
  made.setAttribute("class", name);
  made.setAttribute("x", String(x));
  made.setAttribute("y", String(y));
  made.setAttribute("text-anchor", anchor);
  made.textContent = text;
  return made;
}

function badge(x: number, y: number, now: number): SVGElement[] {
  const width = 14 + 7 * String(now).length;
  const pill = document.createElementNS(NS, "rect");
  pill.setAttribute("class", "badge");
  for (const [name, value] of Object.entries({ x: x - width + 6, y: y - 9, width, height: 18, rx: 9 })) pill.setAttribute(name, String(value));
  return [pill, words("badge-words", x - width / 2 + 6, y + 4, String(now), "middle")];
}
