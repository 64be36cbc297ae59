// Volumes, holds, plans, ledger, exports and evidence of the simulated server.

import type { Evidence, ExportJob, Hold, LedgerStream, RecordingPlan, Volume } from "../src/api/types";
import type { World } from "./data";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

export interface StorageWorld {
  volumes: Volume[];
  holds: Hold[];
  plans: Map<string, RecordingPlan>;
  exports: ExportJob[];
  evidence: Evidence;
}

interface Asked {
  method: string;
  path: string;
  body: Record<string, unknown>;
  query: URLSearchParams;
}

type Answer = { status: number; body: unknown };
const ok = (body: unknown, status = 200): Answer => ({ status, body });

function makeVolume(name: string, overrides: Partial<Volume>): Volume {
  return {
    name,
    path: `/mnt/${name}/vedette`,
    id: `vol_${name}`,
    state: "writable",
    reason: "",
    size_bytes: 8e12,
    free_bytes: 1.9e12,
    used_bytes: 5.8e12,
    held_bytes: 0.6e12,
    max_bytes: 0,
    reserve_bytes: 1 << 30,
    oldest_at: ago(26 * 24 * HOUR),
    days_left: 9.4,
    cameras: 6,
    spilled_cameras: 0,
    longest_commit_s: 0.041,
    ...overrides,
  };
}

function makeHold(id: string, camera: string, name: string, hours: number, reason: string): Hold {
  return {
    id,
    camera_id: camera,
    camera_name: name,
    from: ago((hours + 1) * HOUR),
    to: ago(hours * HOUR),
    reason,
    created_by: "linh",
    created_at: ago((hours - 0.4) * HOUR),
    bytes: 1.8e9,
    released_by: null,
    released_at: null,
    release_reason: null,
  };
}

export function makeStorage(): StorageWorld {
  const fingerprint = "3f2a91c07be84d5516e0aa97c4d3128f90be6712ac5540d8e7f1036b29c8d4e5";
  return {
    volumes: [
      makeVolume("main", { spilled_cameras: 2 }),
      makeVolume("archive", {
        state: "failed",
        reason: "Input/output error while writing",
        days_left: null,
        cameras: 0,
        max_bytes: 6e12,
        held_bytes: 0.1e12,
        longest_commit_s: 2.31,
      }),
    ],
    holds: [
      makeHold("hold_1", "cam_01", "Main entrance", 0.4, "Case 2026-118, theft at the counter"),
      makeHold("hold_2", "cam_03", "Loading dock", 30, "Insurance, damaged pallet"),
    ],
    plans: new Map(),
    exports: [],
    evidence: {
      site: "vedette.example-site",
      fingerprint,
      log_key: "vedette.example-site/site+0a1b2c3d+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB",
      key_due: null,
      keys: [
        { fingerprint, from: ago(40 * 24 * HOUR), to: null, beside_until: null, signatures: ["Ed25519", "ML-DSA-44"] },
        {
          fingerprint: fingerprint.split("").reverse().join(""),
          from: ago(400 * 24 * HOUR),
          to: ago(40 * 24 * HOUR),
          beside_until: null,
          signatures: ["Ed25519"],
        },
      ],
      checkpoint: { at: ago(22_000), size: 184_220, root: "b1946ac92492d2347c6235b4d2611184ff3a01" },
      behind: { main: 0, archive: 12 },
      sealing: { state: "absent", detail: "closed segments are not made immutable on this system" },
      witnesses: [],
      time_stamps: ["tsa.example.org: nothing stamped yet"],
      state: "holds",
      detail: "",
    },
  };
}

const DEFAULT_PLAN: RecordingPlan = {
  mode: "continuous",
  calendar: [
    { days: [0, 1, 2, 3, 4], from: "19:00", to: "24:00", mode: "motion" },
    { days: [0, 1, 2, 3, 4], from: "00:00", to: "06:30", mode: "motion" },
    { days: [5], from: "08:00", to: "18:00", mode: "event" },
    { days: [6], from: "00:00", to: "24:00", mode: "off" },
  ],
  timezone: "Asia/Ho_Chi_Minh",
  pre_s: 5,
  post_s: 10,
  motion: { use_packet_sizes: true },
  retention: [
    { mode: "continuous", min_days: 7, max_days: 30 },
    { mode: "motion", min_days: 14, max_days: 90 },
  ],
  volumes: ["main"],
};

/** Every seventh slot of a camera has a fault, so that each colour of the page is seen. */
function ledgerOf(camera: string, fromMs: number, toMs: number, stepS: number): LedgerStream {
  const index = Number(camera.slice(4));
  const frames = stepS * 25;
  const reasons = ["network", "camera", "disk", "us", "clock", "unknown"];
  const end = Math.min(toMs, Date.now());
  const count = Math.max(0, Math.floor((end - fromMs) / (stepS * 1000)));
  const slots: LedgerStream["slots"] = [];
  const gaps: LedgerStream["gaps"] = [];
  for (let slot = 0; slot < count; slot += 1) {
    const at = fromMs + slot * stepS * 1000;
    const reason = reasons[(slot + index) % reasons.length] ?? "unknown";
    const fault = (slot * 3 + index * 5) % 19;
    const missing =
      [Math.round(frames * 0.004), Math.round(frames * 0.3), Math.round(frames * 0.7), frames][fault] ?? 0;
    const isOff = index % 4 === 3 && slot % 12 > 9;
    const lengthMs = isOff ? stepS * 1000 : (missing / 25) * 1000;
    const gap = { from: new Date(at).toISOString(), to: new Date(at + lengthMs).toISOString(), stream: "main" };
    if (isOff) gaps.push({ ...gap, reason: "policy", frames_missing: 0 });
    else {
      const lost = missing > 0 ? { [reason]: missing } : {};
      slots.push({ at: new Date(at).toISOString(), expected: frames, stored: frames - missing, reasons: lost });
      if (missing > 0) gaps.push({ ...gap, reason, frames_missing: missing });
    }
  }
  const expected = slots.reduce((sum, slot) => sum + slot.expected, 0);
  const stored = slots.reduce((sum, slot) => sum + slot.stored, 0);
  const completeness = expected > 0 ? stored / expected : null;
  return { camera_id: camera, stream: "main", expected, stored, completeness, slots, gaps };
}

function answerExports(storage: StorageWorld, { method, path, body }: Asked): Answer | null {
  const [, , id] = path.split("/");
  if (method === "GET") {
    for (const job of storage.exports) {
      if (job.state === "done" || job.state === "cancelled") continue;
      job.state = "running";
      job.progress = Math.min(1, job.progress + 0.2);
      if (job.progress < 1) continue;
      const sizes = job.cameras.map((camera) => ({ name: `${camera}.${job.format}`, size_bytes: 2.1e7, sha256: "" }));
      Object.assign(job, { state: "done", files: sizes, size_bytes: 2.1e7 * sizes.length });
      job.expires_at = new Date(Date.now() + 24 * HOUR).toISOString();
    }
    return ok({ items: storage.exports });
  }
  if (method === "DELETE") {
    const job = storage.exports.find((one) => one.id === id);
    if (job) job.state = "cancelled";
    return ok({});
  }
  const made = {
    id: `exp_${storage.exports.length + 1}`,
    state: "queued",
    progress: 0,
    size_bytes: 0,
    files: [],
    masked_cameras: [],
  };
  const job = { ...made, ...body, created_by: "admin", created_at: ago(0), expires_at: null, error: null };
  storage.exports.unshift({ ...job, fingerprint: "" } as unknown as ExportJob);
  return ok(storage.exports[0], 201);
}

function answerVolumes(storage: StorageWorld, { method, path, body }: Asked): Answer {
  const name = decodeURIComponent(path.split("/")[2] ?? "");
  const known = storage.volumes.find((volume) => volume.name === name);
  if (method === "POST")
    storage.volumes.push(makeVolume(String(body["name"]), { ...body, used_bytes: 0, held_bytes: 0 }));
  if (method === "PATCH" && known) Object.assign(known, body);
  if (method === "DELETE") storage.volumes = storage.volumes.filter((volume) => volume !== known);
  return ok(method === "GET" ? { items: storage.volumes } : (known ?? storage.volumes.at(-1)));
}

function answerHolds(storage: StorageWorld, world: World, { method, path, body }: Asked): Answer {
  const id = path.split("/")[2];
  if (method === "DELETE") storage.holds = storage.holds.filter((hold) => hold.id !== id);
  if (method === "POST") {
    const camera = String(body["camera_id"]);
    const name = world.cameras.find((one) => one.id === camera)?.name ?? "";
    storage.holds.unshift({ ...makeHold(`hold_${Date.now()}`, camera, name, 0, ""), ...body } as Hold);
  }
  return ok(method === "GET" ? { items: storage.holds } : (storage.holds[0] ?? {}));
}

export function answerStorage(storage: StorageWorld, world: World, asked: Asked): Answer | null {
  const { method, path, body, query } = asked;
  const plan = /^\/cameras\/([^/]+)\/recording-plan$/.exec(path)?.[1];
  if (plan) {
    if (method === "PUT") storage.plans.set(plan, body as unknown as RecordingPlan);
    return ok(storage.plans.get(plan) ?? DEFAULT_PLAN);
  }
  if (path.startsWith("/volumes")) return answerVolumes(storage, asked);
  if (path.startsWith("/holds")) return answerHolds(storage, world, asked);
  if (path.startsWith("/exports")) return answerExports(storage, asked);
  if (path === "/evidence")
    return ok({ ...storage.evidence, checkpoint: { ...storage.evidence.checkpoint, at: ago(22_000) } });
  if (path === "/evidence/rotate-key") return ok({ fingerprint: storage.evidence.fingerprint });
  if (path !== "/ledger") return null;
  const [from, to] = [query.get("from") ?? "", query.get("to") ?? ""];
  const stepS = Number(query.get("step_s") ?? 60);
  const cameras = (query.get("cameras") ?? "").split(",").filter(Boolean);
  const streams = cameras.map((id) => ledgerOf(id, Date.parse(from), Date.parse(to), stepS));
  return ok({ from, to, step_s: stepS, cameras: streams });
}
