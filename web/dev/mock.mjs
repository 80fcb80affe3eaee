/**
 * A stand-in for the server: the built pages, the plain requests and both sockets, with a play of one call.
 *
 *   npm run build && npm run mock     then open http://127.0.0.1:8099/desk (any name and password)
 *
 * It carries no sound; `ivr serve` does.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { adminMock } from "./admin-mock.mjs";
import { wallAnswer, wallSnapshot } from "./wall-shots.mjs";
import { qualityAnswer } from "./quality-mock.mjs";
import * as scenes from "./scenes.mjs";
import { sideMock } from "./side-data.mjs";

const STATIC = process.env["HOTLINE_STATIC"] ?? fileURLToPath(new URL("../../ivr/web/static", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const PAGES = { "/": "/index.html", "/desk": "/desk.html", "/call": "/call.html", "/admin": "/admin.html", "/wall": "/wall.html", "/quality": "/quality.html" };
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "media-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Serve on 127.0.0.1. `on` hears what pages send: `on(kind, message, peer)` with kind "desk" or "call". */
export async function startMock({ port = 0, on = () => undefined, language = "en" } = {}) {
  const tell = (type, data) => {
    for (const peer of state.peers) if (peer.kind === "admin") peer.push(type, data);
  };
  const toDesks = (type, data) => {
    for (const peer of state.peers) if (peer.kind === "desk") peer.push(type, data);
  };
  const state = { admin: adminMock({ language, push: tell }), side: sideMock({ language, push: toDesks }), language, roles: ["agent"], signedIn: false, health: true, snapshot: () => ({}), peers: new Set(), refuse: new Map() };
  const server = createServer((request, response) => void answer(state, request, response));
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const kind = request.url === "/ws/desk" ? "desk" : request.url === "/ws/call" ? "call" : request.url === "/ws/admin" ? "admin" : request.url === "/ws/wall" ? "wall" : request.url === "/ws/monitor" ? "monitor" : null;
    if (kind === null || (kind !== "call" && !state.signedIn) || state.down) return socket.destroy();
    sockets.handleUpgrade(request, socket, head, (ws) => attach(state, kind, ws, on));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    state,
    url: `http://127.0.0.1:${server.address().port}`,
    /** Send to every page of `kind`. */
    push(kind, type, data) {
      for (const peer of state.peers) if (peer.kind === kind) peer.push(type, data);
    },
    drop() {
      for (const peer of state.peers) peer.ws.terminate();
    },
    async close() {
      for (const peer of state.peers) peer.ws.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(state, request, response) {
  const path = new URL(request.url, "http://x").pathname;
  const json = (status, body) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (path === "/api/v1/health") return state.health ? json(200, HEALTH) : json(503, {});
  if (path === "/api/v1/me") return state.signedIn ? json(200, { id: "wang", name: "王芳", roles: state.roles, ...state.who }) : json(401, {});
  if (path === "/api/v1/logout") {
    state.signedIn = false;
    return json(200, {});
  }
  if (path === "/api/v1/login") {
    let body = "";
    for await (const chunk of request) body += chunk;
    state.signedIn = JSON.parse(body).password !== "wrong";
    return state.signedIn ? json(200, { id: "wang", name: "王芳", roles: state.roles }) : json(401, { error: "wrong" });
  }
  if (state.quality !== undefined && /^\/api\/v1\/(quality|contacts|transcripts|desk\/book|desk\/contacts)/.test(path)) {
    const parts = [];
    for await (const chunk of request) parts.push(chunk);
    const text = Buffer.concat(parts).toString();
    if (qualityAnswer(state, request, new URL(request.url, "http://x"), text === "" ? {} : JSON.parse(text), json, response)) return undefined;
  }
  if (path.startsWith("/api/v1/desk/")) {
    if (state.down) return request.socket.destroy();
    const parts = [];
    for await (const chunk of request) parts.push(chunk);
    const text = Buffer.concat(parts).toString();
    return json(...state.side(request.method, new URL(request.url, "http://x"), text === "" ? {} : JSON.parse(text)));
  }
  if (path.startsWith("/api/v1/admin/")) {
    if (state.down) return request.socket.destroy();
    if (!state.signedIn) return json(401, { error: { code: "sign_in_needed", message: "sign in", cure: "", place: null } });
    const parts = [];
    for await (const chunk of request) parts.push(chunk);
    const send = (status, body, type = "application/json") => {
      response.writeHead(status, { "content-type": type });
      response.end(body === null ? "" : type === "application/json" ? JSON.stringify(body) : body);
    };
    return state.admin.handle(request, new URL(request.url, "http://x"), Buffer.concat(parts), send);
  }
  if (wallAnswer(state, new URL(request.url, "http://x"), request.method, json)) return undefined;
  const file = PAGES[path] ?? normalize(path);
  try {
    const bytes = await readFile(join(STATIC, file));
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": CSP });
    response.end(bytes);
  } catch {
    json(404, {});
  }
}

const HEALTH = {
  status: "ok",
  version: "0.1.0",
  sip: ["sip:hotline@127.0.0.1:5060"],
  speech: { zh: "vosk-model-small-cn-0.22", en: null },
  flows: ["telecom"],
};

function attach(state, kind, ws, on) {
  let seq = 40;
  const peer = {
    kind,
    ws,
    push(type, data) {
      const message = { type, at: scenes.now(), data };
      if (type !== "reply" && type !== "snapshot") seq += 1;
      ws.send(JSON.stringify(kind === "call" || kind === "monitor" ? message : { seq, ...message }));
    },
  };
  state.peers.add(peer);
  ws.on("close", () => state.peers.delete(peer));
  ws.on("message", (bytes) => {
    const message = JSON.parse(String(bytes));
    if (message.type === "resume" && kind === "desk") peer.push("snapshot", state.snapshot());
    if (message.type === "resume" && kind === "wall") peer.push("snapshot", wallSnapshot(state, state.language));
    if (message.type === "watch" && message.data.flow === "telecom") peer.push("counts", state.admin.counts());
    const error = state.refuse.get(message.type);
    if (message.id !== undefined) peer.push("reply", { id: message.id, ok: error === undefined, ...(error && { error }) });
    if (message.type === "directory" && kind === "desk") peer.push("directory", scenes.directory(state.language));
    if (message.type !== "ping") on(kind, message, peer);
  });
}

/** One call after another, for looking at by hand. */
async function play(port) {
  const language = process.env["SCENE_LANGUAGE"] ?? "zh";
  let mine = scenes.agent("offline");
  let contact = null;
  let timers = [];
  const later = (seconds, act) => timers.push(setTimeout(act, seconds * 1000));
  const become = (state, until = null, reason = "") => {
    mine = scenes.agent(state, { since: scenes.now(), until, reason });
    mock.push("desk", "agent", mine);
  };
  const show = (changes) => {
    contact = { ...contact, ...changes };
    mock.push("desk", "contact", contact);
  };
  const end = () => {
    show({ phase: "wrap_up" });
    become("wrap_up", scenes.now() + 30);
    later(30, () => contact?.phase === "wrap_up" && finish());
  };
  const finish = () => {
    show({ phase: "ended" });
    contact = null;
    become("available");
    later(4, offer);
  };
  const offer = () => {
    contact = { ...scenes.contact(language), id: `c-${Date.now()}` };
    become("reserved");
    mock.push("desk", "contact", contact);
  };
  const stop = (reason) => mock.push("desk", "ring_stopped", { contact_id: contact.id, reason });
  const acts = {
    set_state: ({ state, reason }) => {
      timers.forEach(clearTimeout);
      timers = [];
      become(state, null, reason);
      if (state === "available") later(3, offer);
    },
    shown: () => mock.push("desk", "ring", { contact_id: contact.id, until: scenes.now() + 20 }),
    accept: () => {
      stop("accepted");
      become("in_call");
      show({ phase: "connecting" });
      later(0.5, () => show({ phase: "connected", answered_at: scenes.now() }));
    },
    decline: () => {
      stop("declined");
      contact = null;
      become("available");
      later(6, offer);
    },
    hold: () => show({ phase: "held", held: true }),
    resume_call: () => show({ phase: "connected", held: false }),
    note: ({ text }) => (contact = { ...contact, note: text }),
    hang_up: end,
    wrap_up: finish,
  };
  const callActs = {
    start: (_data, peer) => {
      const lines = scenes.captions(language);
      peer.push("phase", { phase: "connecting" });
      setTimeout(() => peer.push("phase", { phase: "bot" }), 800);
      lines.forEach((turn, n) => setTimeout(() => peer.push("caption", turn), 1000 + n * 1200));
      setTimeout(() => peer.push("phase", { phase: "queue", position: 2, estimate: 65 }), 9000);
      setTimeout(() => peer.push("phase", { phase: "agent", agent: "王芳" }), 14000);
    },
    hang_up: (_data, peer) => peer.push("ended", { cause: "hung_up" }),
  };
  const mock = await startMock({
    port,
    language,
    on: (kind, message, peer) => (kind === "desk" ? acts : callActs)[message.type]?.(message.data, peer),
  });
  mock.state.snapshot = () => ({ agent: mine, queues: scenes.queues(language), contact, ring: null, settings: scenes.settings });
  console.log(`${mock.url}/  ${mock.url}/call  ${mock.url}/desk  ${mock.url}/admin  (any name and password)`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await play(Number(process.env["PORT"] ?? 8099));
