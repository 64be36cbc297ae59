// The simulated server's health answer.

import type { World } from "./data";
import { makeStorage } from "./storage";

const HOUR = 3_600_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

const role = (name: string, pid: number, restarts: number, hours: number) => ({
  role: name,
  state: "running",
  pid,
  restarts,
  since: ago(hours * HOUR),
  reason: "",
});
const control = (name: string, state: string, detail: string, layers: Record<string, boolean>) => ({
  name,
  state,
  detail,
  layers,
  since: ago(6 * HOUR),
});

export function systemAnswer(path: string, world: World): unknown {
  if (path === "/models") {
    return {
      items: [
        {
          name: "pvb-2004-int8",
          task: "detect",
          release: "2024.3",
          licence: "Apache-2.0",
          origin: "official storage",
          packs: ["standard"],
          labels: ["person", "vehicle", "two_wheeler"],
          state: "installed",
          reason: "",
          size_bytes: 1_812_000,
          figures: [
            { name: "ap50_person", value: 0.71 },
            { name: "ap50_vehicle", value: 0.78 },
          ],
        },
      ],
      faults: [],
    };
  }
  return {
    version: "0.1.0",
    started_at: ago(50 * HOUR),
    processes: [
      role("gateway", 4101, 0, 50),
      role("recorder", 4102, 0, 50),
      { ...role("analyzer", 5120, 1, 6), reason: "killed by signal 9" },
    ],
    now: new Date().toISOString(),
    cameras: {
      total: world.cameras.length,
      enabled: world.cameras.length,
      online: world.cameras.filter((camera) => camera.live.main.state === "online").length,
      offline: world.cameras.filter((camera) => camera.live.main.state === "offline").length,
      connecting: 0,
      stalled: 0,
      unknown: 0,
    },
    volumes: makeStorage().volumes,
    controls: [
      control("jail", "holds", "", { landlock: true, seccomp: true, rlimits: true, user: true }),
      control("tls", "holds", "A wrong authority was refused at start.", {}),
      control("clock", "weakened", "No time server answered for 3 hours.", {}),
    ],
    analysis: world.cameras.map((camera, index) => ({
      camera_id: camera.id,
      state: index === 3 ? ("waiting" as const) : ("analysing" as const),
      code: index === 3 ? "no_feed" : index === 1 ? "reduced" : "",
      reason: index === 3 ? "the recorder ended the feed" : "",
      detector: "model",
      fps: index === 3 ? 0 : index === 1 ? 9.8 : 14.9,
      asked_fps: 15,
      allowed_fps: index === 1 ? 10 : 15,
      key_frames_only: false,
      thinned: index === 1 ? 312 : 0,
      dropped: 0,
    })),
    machine: {
      host: "vedette-1",
      cpu_count: 2,
      load_1m: 0.83,
      memory_total_bytes: 8.2e9,
      memory_available_bytes: 3.1e9,
      uptime_s: 4_320_000,
      python: "3.11.2",
      system: "Linux 6.18",
    },
  };
}
