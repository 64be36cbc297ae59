// What follows from the system's figures. Pure.

import type { System } from "../../api/types";

export interface Trouble {
  key: string;
  /** Where the words for the name and the state are. */
  names: "health.roleNames" | "health.controlNames" | "health.volumes" | "health.streams";
  name: string;
  states: "health.states" | "health.controlStates" | "health.volumeStates" | "streamStates";
  state: string;
  why: string;
}

export function troublesOf(system: System): Trouble[] {
  const processes = system.processes
    .filter((process) => process.state === "stopped" || process.state === "unavailable")
    .map(({ role, state, reason }) => ({
      key: role,
      names: "health.roleNames" as const,
      name: role,
      states: "health.states" as const,
      state,
      why: reason,
    }));
  const volumes = system.volumes
    .filter((volume) => volume.state !== "writable" && volume.state !== "ok")
    .map(({ id, path, state, reason }) => ({
      key: id,
      names: "health.volumes" as const,
      name: path,
      states: "health.volumeStates" as const,
      state,
      why: reason,
    }));
  const controls = system.controls
    .filter((control) => control.state === "weakened" || control.state === "absent")
    .map(({ name, state, detail }) => ({
      key: name,
      names: "health.controlNames" as const,
      name,
      states: "health.controlStates" as const,
      state,
      why: detail,
    }));
  return [...processes, ...volumes, ...controls];
}

type Volume = System["volumes"][number];

const DAY_MS = 86_400_000;
/** With less footage than this the rate is a guess. */
const ENOUGH_MS = 10 * 60_000;

/** Whole days until the oldest footage is replaced, at the rate of what is there; 0: it already is; null: too early to say. */
export function daysUntilFull(volume: Volume, nowMs: number): number | null {
  if (!volume.oldest_at || volume.used_bytes === 0) return null;
  const keptMs = nowMs - Date.parse(volume.oldest_at);
  if (keptMs < ENOUGH_MS) return null;
  const room =
    volume.max_bytes > 0 ? Math.min(volume.free_bytes, volume.max_bytes - volume.used_bytes) : volume.free_bytes;
  if (room <= volume.used_bytes * 0.005) return 0;
  return Math.max(1, Math.round(room / (volume.used_bytes / keptMs) / DAY_MS));
}
