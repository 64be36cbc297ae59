/**
 * What a live tile says, from what the server says and what is really on the screen. Pure.
 *
 * A picture that stands still is never called live: with no new frame for two seconds the state is `stalled`, whatever
 * the server believes.
 */

import type { LiveState, LiveStateName } from "./types";

export const FROZEN_AFTER_MS = 2000;

/** What the server said last (or what the page knows instead of it). */
export interface ServerWord {
  readonly state: LiveStateName;
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
}

export interface Picture {
  /** Milliseconds since the last new frame, null when none was ever shown. */
  readonly sinceLastMs: number | null;
  /** The element plays in a visible tab (a hidden one shows no frames, which is no fault). */
  readonly isWatched: boolean;
  /** Expected time between frames, milliseconds: a stream of keyframes only is slower than two seconds. */
  readonly intervalMs: number;
}

const NAMES: ReadonlySet<string> = new Set<LiveStateName>([
  "connecting",
  "live",
  "stalled",
  "offline",
  "wrong_password",
  "unsupported",
  "no_permission",
]);

/** Reads a `state` message of the server; an unknown state becomes `offline`, never `live`. */
export function readServerWord(message: Record<string, unknown>): ServerWord {
  const name = String(message["state"] ?? "");
  return {
    state: NAMES.has(name) ? (name as LiveStateName) : "offline",
    code: String(message["code"] ?? ""),
    reason: String(message["reason"] ?? ""),
    hint: String(message["hint"] ?? ""),
  };
}

/** Decides what the tile says; `sinceMs` is kept while the state stays the same. */
export function decideState(word: ServerWord, picture: Picture, nowMs: number, before: LiveState): LiveState {
  const said = judge(word, picture);
  const isSame =
    said.state === before.state && said.code === before.code && said.reason === before.reason && said.hint === before.hint;
  return isSame ? before : { ...said, sinceMs: nowMs };
}

function judge(word: ServerWord, picture: Picture): ServerWord {
  if (word.state !== "live") return word;
  if (picture.sinceLastMs === null) return { ...word, state: "connecting", code: "waiting_for_picture" };
  const limitMs = Math.max(FROZEN_AFTER_MS, 2.5 * picture.intervalMs);
  if (picture.isWatched && picture.sinceLastMs > limitMs) {
    return { state: "stalled", code: "no_new_picture", reason: "No new picture has arrived.", hint: "" };
  }
  return word;
}
