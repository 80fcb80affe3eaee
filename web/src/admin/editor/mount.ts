import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, type Text } from "@codemirror/state";
import { crosshairCursor, drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers, rectangularSelection, type Tooltip } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { language } from "../../i18n";
import { audioUrl, type Problem } from "../api";
import { t } from "../words";
import type { EditorHandle, EditorOptions } from "./api";
import { noteSteps, offers, type Offer } from "./complete";
import { contextAt } from "./context";
import { explain, type Explained } from "./explain";
import { outline } from "./outline";

/**
 * CodeMirror in a shadow root: its styles are adopted sheets there, which the page's policy (no inline style) allows.
 */
export function mountEditor(host: HTMLElement, options: EditorOptions): EditorHandle {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  root.replaceChildren();
  const words = new Compartment();
  const writable = new Compartment();
  let telling = true;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        basics(),
        words.of(EditorState.phrases.of(phrases())),
        writable.of(EditorState.readOnly.of(options.readOnly)),
        EditorView.contentAttributes.of({ "aria-label": options.label, tabindex: "0", spellcheck: "false", autocapitalize: "none" }),
        keymap.of([
          { key: "Mod-s", preventDefault: true, run: () => (options.onKeep(), true) },
          { key: "Mod-Enter", run: () => (options.onTry(), true) },
        ]),
        options.kind === "flow" ? [completing(options), hovering(options)] : [autocompletion({ override: [] })],
        EditorView.updateListener.of((update) => {
          if (update.docChanged && telling) options.onChange(update.state.doc.toString());
          if (update.docChanged || update.selectionSet) tellCursor(view, options);
        }),
        look,
      ],
    }),
  });
  const exchange = (text: string): void => {
    const change = smallest(view.state.doc, text);
    if (change === null) return;
    view.dispatch({ changes: change });
  };
  return {
    setText(text) {
      telling = false;
      exchange(text);
      telling = true;
    },
    format: exchange,
    setProblems(problems) {
      view.dispatch(setDiagnostics(view.state, problems.map((one) => diagnostic(view.state.doc, one))));
    },
    setReadOnly: (readOnly) => view.dispatch({ effects: writable.reconfigure(EditorState.readOnly.of(readOnly)) }),
    speak: () => view.dispatch({ effects: words.reconfigure(EditorState.phrases.of(phrases())) }),
    goTo(line, column, focus) {
      const at = offset(view.state.doc, line, column);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      if (focus) view.focus();
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

function basics(): Extension {
  return [
    lineNumbers(),
    foldGutter({ markerDOM: foldMarker }),
    lintGutter(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    rectangularSelection(),
    crosshairCursor(),
    highlightSelectionMatches(),
    EditorState.tabSize.of(2),
    EditorView.lineWrapping,
    yaml(),
    syntaxHighlighting(colours),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
  ];
}

function foldMarker(open: boolean): HTMLElement {
  const mark = document.createElement("span");
  mark.textContent = open ? "⌄" : "›";
  mark.className = "fold";
  return mark;
}

function tellCursor(view: EditorView, options: EditorOptions): void {
  const head = view.state.selection.main.head;
  const line = view.state.doc.lineAt(head);
  const word = wordAt(line.text, head - line.from);
  const text = view.state.doc.toString();
  const about = options.kind === "flow" ? explain(text, head, word, options.schema(), options.names(), language.value) : null;
  options.onCursor(line.number, [...line.text.slice(0, head - line.from)].length + 1, about);
}

function wordAt(line: string, at: number): string {
  const left = /[\p{L}\p{N}_./-]*$/u.exec(line.slice(0, at))?.[0] ?? "";
  const right = /^[\p{L}\p{N}_./-]*/u.exec(line.slice(at))?.[0] ?? "";
  return left + right;
}

/** Columns of the server are code points from 1; the editor counts UTF-16 units. */
function offset(doc: Text, lineNumber: number, column: number): number {
  const line = doc.line(Math.min(Math.max(1, lineNumber), doc.lines));
  return line.from + [...line.text].slice(0, Math.max(0, column - 1)).join("").length;
}

function diagnostic(doc: Text, problem: Problem): Diagnostic {
  const from = offset(doc, problem.line, problem.column);
  const line = doc.lineAt(from);
  const word = /^(?:"[^"]*"?|'[^']*'?|[^\s:,{}[\]]+)/.exec(doc.sliceString(from, line.to))?.[0] ?? "";
  const to = Math.min(line.to, from + Math.max(1, word.length));
  return {
    from: Math.min(from, line.to),
    to: Math.max(to, Math.min(from, line.to)),
    severity: problem.severity,
    source: problem.code,
    message: problem.message,
    renderMessage: () => problemCard(problem),
  };
}

function problemCard(problem: Problem): HTMLElement {
  const card = element("div", "card");
  card.append(element("p", "", problem.message));
  if (problem.cure !== "") card.append(element("p", "cure", problem.cure));
  if (problem.link !== "") card.append(reference(problem));
  return card;
}

function reference(problem: Problem): HTMLElement {
  const link = document.createElement("a");
  link.textContent = `${problem.code}: ${t("flow.reference")}`;
  link.href = problem.link;
  link.target = "_blank";
  link.rel = "noopener";
  return link;
}

function completing(options: EditorOptions): Extension {
  return autocompletion({
    override: [(context: CompletionContext) => complete(context, options)],
    icons: false,
    activateOnTyping: true,
  });
}

function complete(context: CompletionContext, options: EditorOptions): CompletionResult | null {
  const text = context.state.doc.toString();
  const here = contextAt(text, context.pos);
  if (!context.explicit && here.word === "" && !/[:\-[{,]\s$/.test(text.slice(Math.max(0, context.pos - 2), context.pos))) return null;
  const parts = outline(text);
  noteSteps(parts, text);
  const found = offers(here, { schema: options.schema(), names: options.names(), outline: parts });
  if (found.length === 0) return null;
  const rest = text.slice(context.pos);
  const keyed = /^[\w-]*\s*:/.test(rest);
  return {
    from: here.from,
    options: found.map((offer) => completion(offer, keyed)),
    validFor: /^[^\s,[\]{}:"'#]*$/,
  };
}

function completion(offer: Offer, keyed: boolean): Completion {
  const made: Completion = { label: offer.label, type: offer.kind, apply: keyed ? offer.label : (offer.insert ?? offer.label) };
  const detail = [t(`kind.${offer.kind}` as "kind.state"), offer.detail ?? ""].filter(Boolean).join(" · ");
  if (detail !== "") made.detail = detail;
  return made;
}

function hovering(options: EditorOptions): Extension {
  return hoverTooltip((view, at): Tooltip | null => {
    const line = view.state.doc.lineAt(at);
    const word = wordAt(line.text, at - line.from);
    const found = explain(view.state.doc.toString(), at, word, options.schema(), options.names(), language.value);
    if (found === null) return null;
    return { pos: at, above: true, create: () => ({ dom: helpCard(found) }) };
  });
}

function helpCard(found: Explained): HTMLElement {
  const card = element("div", "card help");
  const head = element("p", "head");
  head.append(element("b", "", found.name), ` ${t(`kind.${found.kind}` as "kind.state")}`);
  card.append(head);
  if (found.words !== "") card.append(element("p", "", found.words));
  for (const [code, text] of Object.entries(found.texts)) {
    const row = element("p", "said");
    row.append(element("span", "code", code), text);
    if (found.recorded.includes(code)) row.append(listenButton(found.name, code));
    card.append(row);
  }
  return card;
}

function listenButton(name: string, code: string): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `▶ ${t("prompt.listen")}`;
  button.onclick = () => void new Audio(audioUrl(code, name)).play().catch(() => undefined);
  return button;
}

function element(tag: string, name: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  if (name !== "") made.className = name;
  if (text !== "") made.textContent = text;
  return made;
}

/** The one stretch in which two texts differ: the cursor and the folds outside of it stay. */
function smallest(doc: Text, text: string): { from: number; to: number; insert: string } | null {
  const old = doc.toString();
  if (old === text) return null;
  let from = 0;
  while (from < old.length && from < text.length && old[from] === text[from]) from += 1;
  let end = 0;
  while (end < old.length - from && end < text.length - from && old[old.length - 1 - end] === text[text.length - 1 - end]) end += 1;
  return { from, to: old.length - end, insert: text.slice(from, text.length - end) };
}

function phrases(): Record<string, string> {
  if (language.value !== "zh") return {};
  return {
    Find: "查找",
    Replace: "替换为",
    next: "下一个",
    previous: "上一个",
    all: "全部",
    "match case": "区分大小写",
    "by word": "整词",
    regexp: "正则",
    replace: "替换",
    "replace all": "全部替换",
    close: "关闭",
    "current match": "当前匹配",
    "replaced $ matches": "已替换 $ 处",
    "replaced match on line $": "已替换第 $ 行的匹配",
    "on line": "在第",
    "Go to line": "转到行",
    go: "转到",
    Diagnostics: "问题",
    "No diagnostics": "没有问题",
    "Folded lines": "已折叠的行",
    "Unfolded lines": "已展开的行",
    "folded code": "已折叠",
    unfold: "展开",
    "Fold line": "折叠",
    "Unfold line": "展开",
    Completions: "补全",
    "Control character": "控制字符",
    "Selection deleted": "已删除所选内容",
  };
}

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-key)" },
  { tag: [tags.string, tags.content], color: "var(--ink)" },
  { tag: tags.special(tags.string), color: "var(--code-text)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.keyword, tags.atom], color: "var(--code-value)" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--soft)" },
  { tag: tags.meta, color: "var(--code-value)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "0.8125rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.5rem 0 40vh" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--soft)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0.25rem 0 0.5rem", minWidth: "2rem" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: "var(--code-selection)" },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--waiting) 22%, transparent)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-wash)", outline: "1px solid var(--accent)" },
  ".cm-foldGutter .fold": { color: "var(--soft)", cursor: "pointer", padding: "0 0.125rem" },
  ".cm-foldPlaceholder": { background: "var(--raised)", border: "1px solid var(--line)", color: "var(--soft)" },
  ".cm-tooltip": { background: "var(--surface)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "0.375rem", boxShadow: "0 0.25rem 1rem rgb(0 0 0 / 0.18)", fontFamily: "var(--face)", maxWidth: "min(32rem, 90vw)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "0.8125rem", maxHeight: "16rem" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "0.2rem 0.5rem" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--accent-fill)", color: "var(--on-fill)" },
  ".cm-completionDetail": { fontFamily: "var(--face)", fontStyle: "normal", color: "var(--soft)", marginLeft: "0.75rem" },
  "li[aria-selected] .cm-completionDetail": { color: "var(--on-fill)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-diagnostic": { padding: "0.5rem 0.75rem", borderLeft: "3px solid var(--danger)", fontSize: "0.8125rem" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--attention)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--danger) 1px", textUnderlineOffset: "0.2em", textDecorationSkipInk: "none" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--attention) 1px", textUnderlineOffset: "0.2em", textDecorationSkipInk: "none" },
  ".cm-lint-marker": { width: "0.6em", height: "0.6em", margin: "0.4em 0.2em" },
  ".cm-lint-marker-error": { content: "none", background: "var(--danger)" },
  ".cm-lint-marker-warning": { content: "none", background: "var(--attention)", clipPath: "polygon(50% 0, 100% 100%, 0 100%)" },
  ".cm-gutter-lint": { width: "1em" },
  ".card": { fontSize: "0.8125rem", lineHeight: "1.45" },
  ".card.help": { padding: "0.5rem 0.75rem" },
  ".card p": { margin: "0 0 0.25rem" },
  ".card .head": { color: "var(--soft)" },
  ".card .head b": { color: "var(--ink)", fontFamily: "var(--mono)" },
  ".card .cure": { color: "var(--good)" },
  ".card a": { color: "var(--accent)" },
  ".card .code": { color: "var(--soft)", marginRight: "0.5rem" },
  ".card button": { font: "inherit", color: "var(--accent)", background: "none", border: "1px solid var(--line)", borderRadius: "0.375rem", marginLeft: "0.5rem", cursor: "pointer" },
  ".cm-panels": { background: "var(--raised)", color: "var(--ink)", fontFamily: "var(--face)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "0.5rem" },
  ".cm-panel.cm-search label": { fontSize: "0.8125rem" },
  ".cm-textfield": { background: "var(--surface)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "0.375rem", padding: "0.2rem 0.4rem", fontSize: "0.8125rem" },
  ".cm-button": { background: "var(--surface)", backgroundImage: "none", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "0.375rem", fontSize: "0.8125rem" },
});
