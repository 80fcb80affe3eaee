/**
 * A stand-in for the admin API (docs/admin-api.md), in memory: enough to look at every state of the pages without a server.
 *
 * Texts are read line by line, not understood: the check knows targets, prompts and queues, the diagram is a column of boxes,
 * the conversation follows a script.
 */
import { readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import * as data from "./admin-data.mjs";

const SCHEMA = fileURLToPath(new URL("../../dialplans/schema.json", import.meta.url));
const stamp = (value) => createHash("sha1").update(typeof value === "string" ? value : JSON.stringify(value)).digest("hex").slice(0, 12);
const now = () => Date.now() / 1000;

export function adminMock({ language = "en", push = () => undefined } = {}) {
  const state = data.fresh(language);
  /** For a scene: answer the next `METHOD /path` that begins so with this. */
  const instead = new Map();
  let simulations = 0;
  const running = new Map();
  const flowOf = (name) => state.flows.find((flow) => flow.name === name);

  async function handle(request, url, body, send) {
    const path = url.pathname.replace("/api/v1/admin", "");
    const method = request.method;
    for (const [key, answer] of instead) {
      if (`${method} ${path}`.startsWith(key)) return send(answer.status, answer.body);
    }
    const [, section, ...rest] = path.split("/").map(decodeURIComponent);
    const json = body.length > 0 && request.headers["content-type"] === "application/json" ? JSON.parse(String(body)) : {};
    switch (section) {
      case "session":
        return send(200, state.session);
      case "names":
        return send(200, names());
      case "schema":
        return send(200, JSON.parse(await readFile(SCHEMA, "utf8")));
      case "check":
        return send(200, { problems: check(json.text), outline: null });
      case "format":
        return send(200, { text: json.text.replace(/[ \t]+$/gm, ""), changed: true, problems: [] });
      case "diagram":
        return send(200, diagram(json));
      case "audit":
        return send(200, { lines: state.audit });
      case "flows":
        return flows(method, rest, json, url, send);
      case "simulations":
        return simulate(method, rest, json, send);
      case "prompts":
        return prompts(method, rest, url, json, body, send);
      case "configuration":
        return configuration(method, rest, json, send);
      default:
        return refuse(send, 404, "not_found", "there is no such thing");
    }
  }

  function refuse(send, status, code, message, more = {}, cure = "") {
    return send(status, { error: { code, message, cure, place: null }, ...more });
  }

  function names() {
    return {
      ...data.names(language),
      flows: state.flows.map((flow) => flow.name),
      prompts: state.prompts.map((one) => ({ name: one.name, languages: Object.keys(one.recordings), texts: one.texts })),
    };
  }

  function summary(flow) {
    const problems = check(flow.text);
    return {
      name: flow.name,
      file: `dialplans/${flow.name}.yaml`,
      languages: ["zh", "en"],
      entry: "welcome",
      states: statesOf(flow.text).length,
      errors: problems.filter((one) => one.severity === "error").length,
      warnings: problems.filter((one) => one.severity === "warning").length,
      stamp: stamp(flow.text),
      draft: flow.text === flow.live_text ? null : { by: flow.by, at: flow.at },
      live: flow.live,
      has_test: flow.test !== null,
    };
  }

  function whole(flow) {
    const test = flow.test === null ? null : { file: `dialplans/${flow.name}.test.yaml`, text: flow.test, stamp: stamp(flow.test) };
    return { ...summary(flow), text: flow.text, live_text: flow.live_text, test };
  }

  function flows(method, [name, what, more], json, url, send) {
    if (name === undefined && method === "GET") return send(200, { flows: state.flows.map(summary) });
    if (name === undefined) {
      if (flowOf(json.name)) return refuse(send, 409, "conflict", `there is a flow ${json.name} already`);
      const text = `flow: ${json.name}\nlanguages: [zh, en]\nstates:\n  welcome:\n    say: { zh: 您好, en: Hello }\n    on: { done: end }\n`;
      state.flows.push({ name: json.name, text, live_text: "", test: null, live: null, by: "root", at: now(), versions: [] });
      return send(200, whole(flowOf(json.name)));
    }
    const flow = flowOf(name);
    if (flow === undefined) return refuse(send, 404, "not_found", `there is no flow ${name}`);
    if (what === undefined) return send(200, whole(flow));
    if (what === "draft" && method === "DELETE") {
      flow.text = flow.live_text;
      return send(200, { text: flow.text, stamp: stamp(flow.text), discarded: url.searchParams.get("stamp") });
    }
    if (what === "draft") {
      if (json.stamp !== stamp(flow.text)) {
        return refuse(send, 409, "stale", "somebody else saved meanwhile", { yours: json.text, theirs: flow.text, base: null, stamp: stamp(flow.text), by: flow.by, at: flow.at });
      }
      Object.assign(flow, { text: json.text, by: "root", at: now() });
      return send(200, { stamp: stamp(flow.text), by: "root", at: now(), problems: check(flow.text) });
    }
    if (what === "test" && more === "run") return send(200, data.run(flow, json.text ?? flow.text, edgesOf(json.text ?? flow.text)));
    if (what === "test") {
      flow.test = json.text;
      return send(200, { stamp: stamp(json.text), problems: [] });
    }
    if (what === "versions" && more === undefined) return send(200, { versions: flow.versions, live: flow.live?.number ?? null });
    if (what === "versions") return send(200, { ...flow.versions.find((one) => String(one.number) === more), text: flow.texts?.[more] ?? flow.live_text });
    if (what === "publish") {
      const number = (flow.versions[0]?.number ?? 0) + 1;
      const version = { number, version: stamp(flow.text), author: "root", note: json.note, at: now(), state: json.at ? "scheduled" : json.percent < 100 ? "rollout" : "live", percent: json.percent, from: json.at, until: json.until, calls: 0 };
      for (const one of flow.versions) if (version.state === "live" && one.state === "live") one.state = "old";
      flow.versions.unshift(version);
      flow.texts = { ...flow.texts, [number]: flow.text };
      if (version.state === "live") Object.assign(flow, { live_text: flow.text, live: { version: version.version, number, by: "root", at: now(), note: json.note } });
      push("published", { flow: name, number, version: version.version, by: "root", note: json.note, percent: json.percent });
      return send(200, version);
    }
    if (what === "rollback") {
      for (const one of flow.versions) one.state = one.number === json.number ? "live" : "old";
      return send(200, flow.versions.find((one) => one.number === json.number));
    }
    return send(200, {});
  }

  function check(text) {
    const problems = [];
    const states = new Set(statesOf(text).map((one) => one.name));
    text.split("\n").forEach((line, index) => {
      for (const found of line.matchAll(/(?<![a-z])(?:goto|to|then|entry): ([a-z_]+)/g)) {
        const name = found[1];
        if (states.has(name) || name === "end" || name === "again" || states.size === 0) continue;
        const column = found.index + found[0].length - name.length + 1;
        const near = [...states].find((one) => one[0] === name[0]) ?? [...states][0];
        problems.push({ file: "dialplans/telecom.yaml", line: index + 1, column, severity: "error", code: "unknown-state", message: `there is no state ${name}`, cure: near ? `did you mean ${near}?` : "", link: "/docs/errors#unknown-state" });
      }
      if (/:\S*\t/.test(line)) problems.push({ file: "dialplans/telecom.yaml", line: index + 1, column: 1, severity: "error", code: "yaml", message: "a tab where YAML wants spaces", cure: "use spaces", link: "" });
    });
    const unused = text.split("\n").findIndex((line) => /^ {2}roaming:/.test(line));
    if (unused >= 0) problems.push({ file: "dialplans/telecom.yaml", line: unused + 1, column: 3, severity: "warning", code: "unused-intent", message: "no state listens for roaming", cure: "give it an edge, or take it out", link: "/docs/errors#unused-intent" });
    return problems;
  }

  function simulate(method, [id], json, send) {
    if (method === "DELETE") return send(204, null);
    if (id === undefined) {
      const number = `s${(simulations += 1)}`;
      const talk = data.conversation(json.language || language);
      running.set(number, talk);
      return send(200, { id: number, ...talk.begin() });
    }
    const talk = running.get(id);
    if (talk === undefined) return refuse(send, 404, "not_found", "this conversation is over", {}, "start again");
    return send(200, talk.act(json));
  }

  function prompts(method, parts, url, json, body, send) {
    if (parts.length === 0 || parts[0] === undefined) return send(200, { languages: ["zh", "en"], prompts: state.prompts, voices: state.voices, writable: true });
    const [code, ...rest] = parts;
    const last = ["audio", "text", "render", "undo"].includes(rest.at(-1)) ? rest.pop() : "";
    const name = rest.join("/");
    let prompt = state.prompts.find((one) => one.name === name);
    if (last === "audio" && method === "GET") return send(200, data.tone(prompt?.recordings[code]?.seconds ?? 1), "audio/wav");
    if (prompt === undefined && method === "GET") return refuse(send, 404, "not_found", `there is no prompt ${name}`);
    if (prompt === undefined) {
      prompt = { name, texts: {}, missing: ["zh", "en"], used_by: [], recordings: {} };
      state.prompts.push(prompt);
    }
    const record = (source, seconds) => {
      prompt.recordings[code] = { ...data.recording(seconds), source, stamp: stamp(String(Math.random())), by: "root", at: now(), versions: 1 };
      prompt.missing = prompt.missing.filter((one) => one !== code);
      prompt.history = [{ version: "v1", at: now() - 60, by: "root", source: "rendered", seconds: 2, what: "replaced" }];
    };
    if (last === "audio" && method === "PUT") record(url.searchParams.get("source"), Math.max(0.3, (body.length - 44) / 32000));
    if (last === "audio" && method === "DELETE") {
      if (prompt.used_by.length > 0 && url.searchParams.get("force") !== "1") return refuse(send, 409, "in_use", "it is used", { used_by: prompt.used_by });
      delete prompt.recordings[code];
      prompt.missing.push(code);
    }
    if (last === "text") {
      prompt.texts[code] = json.text;
      if (prompt.recordings[code]) prompt.recordings[code].outdated = true;
    }
    if (last === "render") {
      prompt.texts[code] = json.text ?? prompt.texts[code];
      record("rendered", (prompt.texts[code] ?? "").length / 6 + 0.5);
    }
    return send(200, prompt);
  }

  function configuration(method, [part], json, send) {
    if (part === undefined) return send(200, { parts: Object.keys(state.parts).map((name) => ({ part: name, title: { zh: name, en: name }, file: "hotline.yaml", effect: "now" })) });
    const found = state.parts[part];
    if (found === undefined) return refuse(send, 404, "not_found", "no environment file is set", {}, "set `environment:` in the settings");
    const whole = () => ({ part, file: found.file ?? "hotline.yaml", stamp: stamp(found.value), value: found.value, schema: found.schema, effect: found.effect, line: found.line });
    if (method === "GET") return send(200, whole());
    if (json.stamp !== stamp(found.value)) return refuse(send, 409, "stale", "somebody else saved meanwhile", { yours: json.value, theirs: found.value, base: null, stamp: stamp(found.value), by: "emma", at: now() });
    const wrong = [];
    for (const [name, queue] of Object.entries(part === "queues" ? json.value : {})) {
      if (queue.ring !== undefined && !/^\d+(ms|s|m|h)$/.test(queue.ring)) {
        wrong.push({ file: "hotline.yaml", line: found.line + 1, column: 20, severity: "error", code: "bad-duration", message: `"${queue.ring}" is no length of time`, cure: "write 20s, 2m or 500ms", link: "", path: [name, "ring"] });
      }
    }
    if (wrong.length > 0) return refuse(send, 422, "invalid", "the form has errors", { problems: wrong });
    found.value = json.value;
    return send(200, { ...whole(), restart: found.effect === "restart" ? [part] : [], warnings: [] });
  }

  return { state, handle, instead, counts: () => data.counts("telecom") };
}

function statesOf(text) {
  const found = [];
  let inside = false;
  text.split("\n").forEach((line, index) => {
    if (/^\S/.test(line)) inside = line.startsWith("states:");
    const name = /^ {2}([a-z_]+):/.exec(line);
    if (inside && name) found.push({ name: name[1], line: index + 1, text: "" });
    else if (inside && found.length > 0) found.at(-1).text += `${line}\n`;
  });
  return found;
}

function edgesOf(text) {
  const states = statesOf(text);
  const names = new Set(states.map((one) => one.name));
  return states.flatMap((one) => {
    const found = [];
    for (const [, name, to] of one.text.matchAll(/([a-z_]+): (?:\{ to: )?([a-z_]+)/g)) {
      if (names.has(to) && name !== "to") found.push({ key: `${one.name} ${name}`, from: one.name, to, name, line: one.line });
    }
    return found;
  });
}

/** The states under each other, with the lines between them: enough to click on. */
function diagram({ text, coverage }) {
  const states = statesOf(text);
  if (states.length === 0 || !/^flow:/m.test(text)) return { svg: null, nodes: [], edges: [], width: 0, height: 0, problems: [] };
  const nodes = states.map((one, n) => {
    const step = /^ {4}(menu|ask|collect|say|lookup|enqueue|voicemail|hangup|go|wait):/m.exec(one.text)?.[1] ?? "go";
    return { id: `state-${one.name}`, state: one.name, kind: step, line: one.line, column: 3, end_line: one.line + 1, x: 120 + (n % 2) * 220, y: 50 + n * 62, width: 170, height: 44 };
  });
  const at = new Map(nodes.map((one) => [one.state, one]));
  const edges = edgesOf(text).map((one, n) => ({ ...one, id: `edge-${n}`, label: one.name, inherited: false, column: 5 }));
  const tested = (table, name) => (coverage == null ? "" : coverage[table]?.[name] ? "covered" : "missed");
  const tone = { covered: "good", missed: "danger", "": "line" };
  const lines = edges.map((one) => {
    const [a, b] = [at.get(one.from), at.get(one.to)];
    const paint = `var(--diagram-${tone[tested("edges", one.key)]})`;
    const middle = [(a.x + b.x) / 2 + 14, (a.y + b.y) / 2 + 3];
    return (
      `<g id="${one.id}" class="edge" data-key="${one.key}" data-from="${one.from}" data-to="${one.to}" data-line="${one.line}" data-column="5">` +
      `<path fill="none" stroke="${paint}" stroke-width="1.3" d="M${a.x} ${a.y + 22} C${a.x} ${(a.y + b.y) / 2} ${b.x} ${(a.y + b.y) / 2} ${b.x} ${b.y - 22}"/></g>` +
      `<text class="edge-label" data-key="${one.key}" data-line="${one.line}" x="${middle[0]}" y="${middle[1]}" font-size="11" fill="var(--diagram-ink)" stroke="var(--diagram-paper)" stroke-width="4" paint-order="stroke">${one.name}</text>`
    );
  });
  const boxes = nodes.map(
    (one) =>
      `<g id="${one.id}" class="state kind-${one.kind}" transform="translate(${one.x} ${one.y})" data-state="${one.state}" data-line="${one.line}" data-column="3">` +
      `<rect class="box" x="-85" y="-22" width="170" height="44" rx="7" fill="var(--diagram-box)" stroke="var(--diagram-${tone[tested("states", one.state)]})"/>` +
      `<text class="name" x="-73" y="-3" fill="var(--diagram-ink)" font-weight="600">${one.state}</text>` +
      `<text class="detail" x="-73" y="13" font-size="11" fill="var(--diagram-faint)">${one.kind}</text></g>`,
  );
  const [width, height] = [460, 50 + nodes.length * 62];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" class="flow-diagram" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui" font-size="13"><g class="edges">${lines.join("")}</g><g class="states">${boxes.join("")}</g></svg>`;
  return { svg, nodes, edges, width, height, problems: [] };
}
