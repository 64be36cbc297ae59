// What follows from a volume's figures: shares of its bar, what to do, sizes as people write them. Pure.

import type { Volume } from "../../../api/types";

export interface Shares {
  /** Parts of the disk, 0..1, that add up to 1: held footage, other footage, other files, free. */
  held: number;
  used: number;
  others: number;
  free: number;
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

export function sharesOf(volume: Pick<Volume, "size_bytes" | "free_bytes" | "used_bytes" | "held_bytes">): Shares {
  if (volume.size_bytes <= 0) return { held: 0, used: 0, others: 0, free: 0 };
  const recorded = clamp(volume.used_bytes / volume.size_bytes);
  const held = Math.min(recorded, clamp(volume.held_bytes / volume.size_bytes));
  const free = Math.min(1 - recorded, clamp(volume.free_bytes / volume.size_bytes));
  return { held, used: recorded - held, others: Math.max(0, 1 - recorded - free), free };
}

export type Advice = "failed" | "full" | "unknown" | "spilled" | "held" | "slow";

const HELD_SHARE = 0.5;
const SLOW_COMMIT_S = 1;

/** What a person should do about a volume, worst first. */
export function adviceOf(
  volume: Pick<Volume, "state" | "spilled_cameras" | "held_bytes" | "used_bytes" | "longest_commit_s">,
): Advice[] {
  const found: Advice[] = [];
  if (volume.state !== "writable") found.push(volume.state);
  if (volume.spilled_cameras > 0) found.push("spilled");
  if (volume.used_bytes > 0 && volume.held_bytes / volume.used_bytes > HELD_SHARE) found.push("held");
  if (volume.longest_commit_s > SLOW_COMMIT_S) found.push("slow");
  return found;
}

const UNITS: Record<string, number> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, pb: 1e15 };

/** Reads `500 GB`, `1.5 TB`, `2,5tb`; a bare number is GB; empty is 0 (no limit). Null when it says no size. */
export function readBytes(text: string): number | null {
  if (text.trim() === "") return 0;
  const match = /^(\d+(?:[.,]\d+)?)\s*([kmgtp]?b)?$/i.exec(text.trim());
  if (!match) return null;
  const value = Number((match[1] ?? "").replace(",", "."));
  return Math.round(value * (UNITS[(match[2] ?? "gb").toLowerCase()] ?? 1));
}

/** The shortest text that `readBytes` reads back to the same number. */
export function writeBytes(bytes: number): string {
  if (bytes <= 0) return "";
  for (const [unit, size] of [
    ["TB", 1e12],
    ["GB", 1e9],
    ["MB", 1e6],
  ] as const) {
    const value = bytes / size;
    if (value >= 1 && Math.round(Number(value.toFixed(3)) * size) === bytes)
      return `${Number(value.toFixed(3))} ${unit}`;
  }
  return `${bytes} B`;
}
