// A small server that answers /api/v1 inside the development server, so that pages can be made and looked at without a
// running system. Development only: nothing of it is in the build. `VEDETTE_FRESH=1` starts it with no camera.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { WebSocketServer } from "ws";
import { type Clip, loadClips } from "./clips";
import { makeCamera, makeEvent, makeWorld, timelineOf, type World } from "./data";
import { serveLive, servePlayback } from "./media";
import { answerStorage, makeStorage, type StorageWorld } from "./storage";
import { systemAnswer } from "./system";

const PERMISSIONS = [
  "camera.view",
  "camera.configure",
  "event.view",
  "event.acknowledge",
  "recording.play",
  "recording.export",
  "system.view",
  "audit.view",
  "users.manage",
  "storage.configure",
  "hold.manage",
  "evidence.manage",
  "privacy.configure",
  "privacy.unmask",
  "file.analyze",
];

interface State {
  world: World;
  storage: StorageWorld;
  signedIn: boolean;
  mustChange: boolean;
}

type Answer = { status: number; body: unknown };
const ok = (body: unknown, status = 200): Answer => ({ status, body });
const problem = (status: number, code: string, detail: string, hint = ""): Answer => ({
  status,
  body: { type: `about:blank#${code}`, title: code, status, detail, code, hint, errors: [] },
});
const page = (items: unknown[]) => ok({ items, total: items.length, next: null });

type Body = Record<string, unknown>;

function session(state: State): Answer {
  return ok({
    user: { id: "u1", name: "admin", role: "administrator", locale: "" },
    permissions: PERMISSIONS,
    csrf: "simulated",
    must_change_password: state.mustChange,
  });
}

function answerSession(state: State, method: string, path: string, body: Body): Answer | null {
  if (path === "/session/password") {
    state.mustChange = false;
    return ok({});
  }
  if (path !== "/session") return null;
  if (method === "DELETE") state.signedIn = false;
  if (method === "POST") {
    if (body["password"] === "wrong") {
      return problem(401, "wrong_password", "The user or the password is wrong.", "Check Caps Lock.");
    }
    state.signedIn = true;
    state.mustChange = body["password"] === "first";
  }
  return state.signedIn ? session(state) : problem(401, "not_signed_in", "No session.");
}

function probe(body: Body): Answer {
  const isBad = String(body["url"]).includes("bad");
  const steps = [
    { name: "resolve", ms: 1, ok: true, detail: "192.0.2.10" },
    { name: "connect", ms: 4, ok: true, detail: "port 554" },
    { name: "describe", ms: 12, ok: !isBad, detail: isBad ? "401 Unauthorized" : "Digest SHA-256" },
  ];
  if (isBad) {
    const error = {
      code: "wrong_password",
      message: "The camera refused the user or the password.",
      hint: "Check them in the camera's own web page; many cameras have a separate login for streams.",
    };
    return ok({ ok: false, steps, streams: [], error });
  }
  steps.push({ name: "play", ms: 140, ok: true, detail: "first key frame" });
  return ok({ ok: true, steps, streams: [{ codec: "h264", width: 1920, height: 1080, fps: 25 }], error: null });
}

function answerCameras(state: State, method: string, path: string, body: Body): Answer | null {
  const { world } = state;
  if (path === "/cameras/test") return probe(body);
  if (path === "/cameras/simulated") {
    const count = world.cameras.length;
    const added = Array.from({ length: Number(body["count"]) }, (_, index) =>
      makeCamera(count + index, { name: `Simulated ${index + 1}`, group: "Simulated", has_login: false }),
    );
    world.cameras.push(...added);
    return ok({ items: added }, 201);
  }
  if (path === "/cameras" && method === "GET") return page(world.cameras);
  if (path === "/cameras") {
    const camera = makeCamera(world.cameras.length, body as never);
    world.cameras.push(camera);
    return ok(camera, 201);
  }
  const match = /^\/cameras\/([^/]+)(\/rules|\/thumbnail\.jpg)?$/.exec(path);
  const camera = world.cameras.find((item) => item.id === match?.[1]);
  if (!match || !camera) return null;
  if (match[2] === "/rules") {
    if (method === "PUT") world.rules.set(camera.id, body["rules"] as never);
    return ok({ rules: world.rules.get(camera.id) ?? [] });
  }
  if (match[2]) return null;
  if (method === "DELETE") world.cameras = world.cameras.filter((item) => item !== camera);
  if (method === "PATCH") Object.assign(camera, body);
  return ok(camera);
}

function answerEvents(state: State, path: string, body: Body, query: URLSearchParams): Answer | null {
  const { world } = state;
  if (path === "/events") {
    const wanted = (key: string, value: string) => !query.get(key) || query.get(key) === value;
    const found = world.events.filter(
      (event) => wanted("camera", event.camera_id) && wanted("kind", event.kind) && wanted("state", event.state),
    );
    return ok({ items: found.slice(0, 50), total: found.length, next: null });
  }
  const match = /^\/events\/([^/]+)(\/acknowledge)?$/.exec(path);
  const event = world.events.find((item) => item.id === match?.[1]);
  if (!match || !event) return null;
  if (match[2]) {
    const note = String(body["note"] ?? "");
    Object.assign(event, { state: "acknowledged", note, acknowledged_by: "admin" });
    event.acknowledged_at = new Date().toISOString();
  }
  return ok(event);
}

function answerOther(state: State, method: string, path: string, body: Body, query: URLSearchParams): Answer | null {
  const { world } = state;
  if (path === "/timeline") {
    const ids = (query.get("cameras") ?? "").split(",").filter(Boolean);
    const [from, to] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
    const buckets = Number(query.get("buckets"));
    return ok({ cameras: ids.map((id) => timelineOf(world, id, from, to, buckets)) });
  }
  if (path === "/users" && method === "GET") return page(world.users);
  if (path === "/users") {
    const user = { id: `u${world.users.length + 1}`, disabled: false, ...body } as never;
    world.users.push(user);
    return ok(user, 201);
  }
  const user = world.users.find((item) => path === `/users/${item.id}`);
  if (user) {
    if (method === "DELETE") world.users = world.users.filter((item) => item !== user);
    return ok(Object.assign(user, body));
  }
  if (path === "/audit") return page(world.audit);
  if (path === "/system" || path === "/models") return ok(systemAnswer(path, world));
  return null;
}

const PICTURE = (words: string) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180">
<rect width="320" height="180" fill="#2b313b"/><path d="M0 180L130 84h60l130 96z" fill="#3a424f"/>
<circle cx="150" cy="62" r="11" fill="#c9a27e"/><rect x="137" y="74" width="26" height="52" rx="8" fill="#7d94b5"/>
<text x="8" y="172" font-size="9" fill="#fff" opacity=".6" font-family="sans-serif">${words}</text></svg>`;

async function readBody(request: IncomingMessage): Promise<Body> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text ? (JSON.parse(text) as Body) : {};
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://local");
  const path = url.pathname.replace("/api/v1", "");
  if (path.endsWith(".jpg")) {
    response.setHeader("Content-Type", "image/svg+xml");
    response.end(PICTURE(path.split("/")[2] ?? ""));
    return;
  }
  const method = request.method ?? "GET";
  const body = await readBody(request);
  const answer =
    answerSession(state, method, path, body) ??
    (state.signedIn
      ? (answerStorage(state.storage, state.world, { method, path, body, query: url.searchParams }) ??
        answerCameras(state, method, path, body) ??
        answerEvents(state, path, body, url.searchParams) ??
        answerOther(state, method, path, body, url.searchParams))
      : problem(401, "not_signed_in", "No session.")) ??
    problem(404, "not_found", `Nothing at ${path}.`);
  response.statusCode = answer.status;
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(answer.body));
}

export function simulatedServer(): Plugin {
  const state: State = {
    world: makeWorld(process.env["VEDETTE_FRESH"] ? 0 : 9),
    storage: makeStorage(),
    signedIn: false,
    mustChange: false,
  };
  return {
    name: "vedette-simulated-server",
    apply: "serve",
    configureServer(server) {
      if (process.env["VITEST"]) return;
      const clips: Promise<Clip[]> = loadClips();
      server.middlewares.use("/api/v1", (request, response) => {
        request.url = `/api/v1${request.url ?? ""}`;
        void handle(state, request, response);
      });
      const sockets = new WebSocketServer({ noServer: true });
      server.httpServer?.on("upgrade", (request, socket, head) => {
        const url = new URL(request.url ?? "/", "http://local");
        if (!url.pathname.startsWith("/api/v1/")) return;
        sockets.handleUpgrade(request, socket, head, (connection) => {
          void clips.then((loaded) => {
            const clipOf = (id: string) => loaded[Number(id.slice(4)) % loaded.length] as Clip;
            const camera = url.searchParams.get("camera") ?? "";
            if (url.pathname.endsWith("/live")) serveLive(connection, clipOf(camera), state.world.fault(camera));
            if (url.pathname.endsWith("/playback")) servePlayback(connection, clipOf);
            if (url.pathname.endsWith("/events")) {
              const timer = setInterval(() => {
                const index = state.world.events.length;
                const source = state.world.cameras[index % 5];
                if (!source) return;
                const event = makeEvent(index, Date.now() - 800, source);
                Object.assign(event, { state: "new", acknowledged_by: null, acknowledged_at: null, note: null });
                state.world.events.unshift(event);
                connection.send(JSON.stringify(event));
              }, 20_000);
              connection.on("close", () => clearInterval(timer));
            }
            if (url.pathname.endsWith("/tracks")) {
              const timer = setInterval(() => {
                const x = 0.35 + 0.25 * Math.sin(Date.now() / 1500);
                const track = { id: 7, class: "person", confidence: 0.88, box: [x, 0.3, x + 0.12, 0.8] };
                connection.send(JSON.stringify({ captured_at_ns: Date.now() * 1e6, tracks: [track], motion: 0.2 }));
              }, 100);
              connection.on("close", () => clearInterval(timer));
            }
          });
        });
      });
    },
  };
}
