/** Where the named parts of a flow stand in its text, found by indentation: also in a text that is being typed. */

export interface Part {
  name: string;
  /** Line of the name, and the line after the last one, both from 1. */
  line: number;
  end: number;
  /** 1-based column of the name. */
  column: number;
}

export interface Outline {
  flow: string;
  languages: string[];
  states: Part[];
  intents: Part[];
}

const TOP = /^([A-Za-z_][\w-]*)\s*:(.*)$/;
const NAME = /^(\s+)(?:"([^"]+)"|'([^']+)'|([^\s#:"'-][^:#]*?))\s*:(?:\s|$)/;

export function outline(text: string): Outline {
  const found: Outline = { flow: "", languages: [], states: [], intents: [] };
  const all = text.split("\n");
  let section: Part[] | null = null;
  let indent = -1;
  let open: Part | null = null;
  const close = (line: number): void => {
    if (open !== null) open.end = line;
    open = null;
  };
  all.forEach((line, index) => {
    if (/^\s*(#|$)/.test(line)) return;
    const top = TOP.exec(line);
    if (top !== null) {
      close(index + 1);
      section = top[1] === "states" ? found.states : top[1] === "intents" ? found.intents : null;
      indent = -1;
      if (top[1] === "flow") found.flow = bare(top[2] ?? "");
      if (top[1] === "languages") found.languages = (top[2] ?? "").match(/[a-zA-Z]{2,3}(?:-[a-zA-Z]+)?/g) ?? [];
      return;
    }
    if (section === null) return;
    const name = NAME.exec(line);
    if (name === null) return;
    const depth = name[1]!.length;
    if (indent < 0) indent = depth;
    if (depth !== indent) return;
    close(index + 1);
    open = { name: name[2] ?? name[3] ?? name[4] ?? "", line: index + 1, end: all.length + 1, column: depth + 1 };
    (section as Part[]).push(open);
  });
  return found;
}

/** The state in whose text a line (from 1) stands. */
export function stateAt(states: readonly Part[], line: number): Part | null {
  return states.find((part) => part.line <= line && line < part.end) ?? null;
}

function bare(value: string): string {
  return value.replace(/\s#.*$/, "").trim().replace(/^["']|["']$/g, "");
}
