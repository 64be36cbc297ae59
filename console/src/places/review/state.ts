// What the address says about Review, and what it means. Pure.

import type { Span } from "../../parts/timeline/view";

export const CAMERAS_AT_MOST = 4;
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

const DEFAULT_BACK_MS = 60_000;
const DEFAULT_SPAN_MS = 3_600_000;

export interface ReviewSearch {
  cameras?: string;
  at?: string;
  from?: string;
  to?: string;
  speed?: string;
}

export interface ReviewState {
  cameras: string[];
  atMs: number;
  span: Span;
  speed: number;
}

const parsed = (text: string | undefined): number | null => {
  const ms = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
};

export function readCameras(text: string | undefined): string[] {
  return [...new Set((text ?? "").split(",").filter(Boolean))].slice(0, CAMERAS_AT_MOST);
}

export function readReview(search: ReviewSearch, nowMs: number): ReviewState {
  const cameras = readCameras(search.cameras);
  const atMs = parsed(search.at) ?? nowMs - DEFAULT_BACK_MS;
  const fromMs = parsed(search.from);
  const toMs = parsed(search.to);
  const isSpan = fromMs !== null && toMs !== null && toMs > fromMs;
  const speed = SPEEDS.find((candidate) => String(candidate) === search.speed) ?? 1;
  return { cameras, atMs, span: isSpan ? { fromMs, toMs } : spanAround(atMs, DEFAULT_SPAN_MS, nowMs), speed };
}

/** A span of a length that holds `atMs` and does not reach far into the future. */
export function spanAround(atMs: number, lengthMs: number, nowMs: number): Span {
  const toMs = Math.min(atMs + lengthMs / 2, Math.max(nowMs, atMs) + lengthMs * 0.04);
  return { fromMs: toMs - lengthMs, toMs };
}

/** One camera in or out; a fifth takes the place of the oldest. */
export function toggleCamera(cameras: readonly string[], camera: string): string[] {
  if (cameras.includes(camera)) return cameras.filter((id) => id !== camera);
  return [...cameras, camera].slice(-CAMERAS_AT_MOST);
}

/** L: forwards, each press twice as fast. J: backwards likewise. Negative is backwards. */
export function shuttle(rate: number, direction: 1 | -1): number {
  if (Math.sign(rate) !== direction) return direction;
  return direction * Math.min(16, Math.abs(rate) * 2);
}

const SHORTEST_MARK_MS = 1000;

/** Selecting without a mouse: one key sets the start at the playhead, another the end; the other end gives way. */
export function markStart(selection: Span | null, atMs: number): Span {
  return { fromMs: atMs, toMs: Math.max(selection?.toMs ?? 0, atMs + SHORTEST_MARK_MS) };
}

export function markEnd(selection: Span | null, atMs: number): Span {
  return { fromMs: Math.min(selection?.fromMs ?? Number.POSITIVE_INFINITY, atMs - SHORTEST_MARK_MS), toMs: atMs };
}
