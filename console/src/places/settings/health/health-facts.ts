// What follows from the system's figures. Pure.

import type { System } from "../../../api/types";

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
    .filter((volume) => volume.state !== "writable")
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
