// The simulated server's little world: cameras, events, recordings of the last day. Everything is made from the
// clock and an index, so that two runs show the same.

import type { AuditRow, Camera, Happening, Role, Rule, TimelineRow, User } from "../src/api/types";

const HOUR = 3_600_000;
const NAMES: [string, string][] = [
  ["Main entrance", "Building A"],
  ["Car park north", "Outside"],
  ["Loading dock", "Outside"],
  ["Reception", "Building A"],
  ["Corridor 2F", "Building A"],
  ["Server room", "Building A"],
  ["Gate 1", "Outside"],
  ["Warehouse aisle 4", "Building B"],
  ["Canteen", "Building B"],
];
const FAULTS: Record<number, string> = { 5: "offline", 7: "unsupported", 8: "wrong_password" };

export interface World {
  cameras: Camera[];
  events: Happening[];
  users: User[];
  rules: Map<string, Rule[]>;
  audit: AuditRow[];
  fault: (id: string) => string;
}

function stream(state: string, index: number, main: boolean) {
  const fault = FAULTS[index] ?? "";
  const broken = fault === "offline" || fault === "wrong_password";
  return {
    state: (broken ? "offline" : state) as "online",
    since: new Date(Date.now() - (index + 1) * HOUR).toISOString(),
    code: broken ? (fault === "offline" ? "camera_unreachable" : "wrong_password") : "",
    reason: broken ? "192.0.2.17 does not answer on port 554." : "",
    hint: broken ? "Check the power and the cable of the camera, then its address." : "",
    codec: fault === "unsupported" ? "h265" : "h264",
    width: main ? 1920 : 640,
    height: main ? 1080 : 360,
    fps: broken ? 0 : 25,
    bitrate_bps: broken ? 0 : main ? 4_012_000 + index * 13_000 : 512_000,
    packets: broken ? 0 : 184_000 + index * 700,
    packets_lost: broken ? 0 : index % 4,
    packets_reordered: 0,
    packets_duplicated: 0,
    jitter_s: broken ? 0 : 0.002,
    recording: { mode: "continuous" as const, is_recording: !broken, trigger: "continuous" as const },
  };
}

export function makeCamera(index: number, overrides: Partial<Camera> = {}): Camera {
  const [name, group] = NAMES[index % NAMES.length] ?? ["Camera", ""];
  return {
    id: `cam_${String(index + 1).padStart(2, "0")}`,
    name,
    group,
    enabled: true,
    main: { url: `rtsp://192.0.2.${10 + index}:554/stream1`, transport: "auto", verify_tls: true, ca_pem: "" },
    sub: { url: `rtsp://192.0.2.${10 + index}:554/stream2`, transport: "auto", verify_tls: true, ca_pem: "" },
    has_login: true,
    user: "vedette",
    record: "main",
    analysis: {
      detector: "auto",
      classes: [],
      fps: 15,
      stream: "sub",
      tiles: 0,
      recognize: ["attributes", "plates"],
      categories: [],
    },
    live: { main: stream("online", index, true), sub: stream("online", index, false) },
    created_at: new Date(Date.now() - 40 * 24 * HOUR).toISOString(),
    ...overrides,
  };
}

const KINDS = ["line_crossed", "zone_entered", "person_present", "vehicle_present", "zone_left", "loitering"];

export function makeEvent(index: number, atMs: number, camera: Camera): Happening {
  const kind = KINDS[index % KINDS.length] ?? "zone_entered";
  const isVehicle = kind === "vehicle_present" || index % 4 === 1;
  return {
    id: `evt_${index.toString(36).padStart(4, "0")}`,
    camera_id: camera.id,
    camera_name: camera.name,
    kind,
    from: new Date(atMs).toISOString(),
    to: new Date(atMs + 4000 + (index % 7) * 1500).toISOString(),
    object_class: isVehicle ? "vehicle" : "person",
    confidence: 0.62 + ((index * 37) % 36) / 100,
    state: index % 3 === 2 ? "acknowledged" : "new",
    zone: kind.startsWith("zone") ? "Delivery area" : kind === "line_crossed" ? "Gate line" : "",
    rule_id: "rule_1",
    direction: kind === "line_crossed" ? (index % 2 ? 1 : -1) : 0,
    box: [0.32, 0.3, 0.52, 0.82],
    picture_url: `/api/v1/events/evt_${index.toString(36).padStart(4, "0")}/picture.jpg`,
    explanation: [
      {
        measure: "time_in_zone_s",
        value: 3.2,
        threshold: 2,
        from: new Date(atMs).toISOString(),
        to: new Date(atMs + 3200).toISOString(),
      },
    ],
    release: "pvb-2004-int8",
    acknowledged_by: index % 3 === 2 ? "linh" : null,
    acknowledged_at: index % 3 === 2 ? new Date(atMs + 90_000).toISOString() : null,
    note: index % 3 === 2 ? "Delivery, expected." : "",
    detail: "",
    objects: index % 2 ? [] : [makeSeen(index)],
    severity: "",
    match: null,
  };
}

function makeSeen(index: number): Happening["objects"][number] {
  const attributes = {
    sex: { value: "female", confidence: 0.93 },
    hair: { value: "long", confidence: 0.88 },
    upper_colour: { value: "red", confidence: 0.81 },
    lower_colour: { value: "black", confidence: 0.77 },
    bag: { value: "unknown", confidence: 0.6 },
    hat: { value: "no", confidence: 0.97 },
  };
  return { track_id: index + 1, attributes, plate: null, face: null };
}

function makeUser(id: string, name: string, role: Role, createdAt: string, loginAt: string | null): User {
  const fixed = { locale: "en", disabled: false, must_change_password: false };
  return { id, name, role, created_at: createdAt, last_login_at: loginAt, ...fixed };
}

export function makeWorld(count: number): World {
  const cameras = Array.from({ length: count }, (_, index) => makeCamera(index));
  const events = cameras.length
    ? Array.from({ length: 64 }, (_, index) =>
        makeEvent(
          index,
          Date.now() - 40_000 - index * index * 9000,
          cameras[(index * 5) % Math.min(5, count)] as Camera,
        ),
      )
    : [];
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  return {
    cameras,
    events,
    users: [
      makeUser("u1", "admin", "administrator", at(50_000), at(2)),
      makeUser("u2", "linh", "monitor", at(40_000), at(190)),
      makeUser("u3", "tuan", "guard", at(30_000), at(1400)),
      { ...makeUser("u4", "thanh.tra", "auditor", at(20_000), null), disabled: true },
    ],
    rules: new Map(),
    audit: Array.from({ length: 40 }, (_, index) => ({
      id: 400 - index,
      at: at(3 + index * 17),
      user: ["admin", "linh", "tuan"][index % 3] ?? "admin",
      action: ["session.open", "event.acknowledge", "camera.change", "recording.export"][index % 4] ?? "",
      resource: ["session", "event evt_0004", "camera Loading dock", "camera Gate 1"][index % 4] ?? "",
      address: `10.0.0.${20 + (index % 5)}`,
      outcome: index % 11 === 10 ? "refused" : "done",
      detail: index % 4 === 2 ? "record: main -> both" : "",
    })),
    fault: (id) => FAULTS[Number(id.slice(4)) - 1] ?? "",
  };
}

const noise = (value: number) => Math.abs(Math.sin(value * 12.9898) * 43_758.5453) % 1;

export function timelineOf(world: World, id: string, fromMs: number, toMs: number, buckets: number): TimelineRow {
  const startMs = Date.now() - 30 * HOUR;
  const endMs = Math.min(toMs, Date.now());
  const index = Number(id.slice(4));
  const gapFrom = Math.floor((Date.now() - index * HOUR) / HOUR) * HOUR - 20 * 60_000;
  const gap: [number, number, string] = [
    gapFrom,
    gapFrom + 9 * 60_000,
    ["network", "camera", "restart"][index % 3] ?? "",
  ];
  const from = Math.max(fromMs, startMs);
  const coverage: [number, number][] = [
    [from, Math.min(gap[0], endMs)],
    [Math.max(gap[1], from), endMs],
  ];
  const stepMs = (toMs - fromMs) / buckets;
  return {
    camera_id: id,
    coverage: coverage.filter(([a, b]) => b > a),
    gaps: gap[1] > fromMs && gap[0] < toMs ? [gap] : [],
    motion: Array.from({ length: buckets }, (_, bucket) => {
      const ms = fromMs + bucket * stepMs;
      if (ms < startMs || ms > Date.now() || (ms > gap[0] && ms < gap[1])) return 0;
      const slow = noise(Math.floor(ms / 600_000) + index);
      return slow > 0.45 ? slow * noise(Math.floor(ms / 20_000) + index) : 0;
    }),
    events: world.events
      .filter((event) => event.camera_id === id)
      .map((event) => ({ id: event.id, kind: event.kind, at_ms: Date.parse(event.from), state: event.state }))
      .filter((event) => event.at_ms >= fromMs && event.at_ms <= toMs),
  };
}
