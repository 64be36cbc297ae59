// What a tile says about its picture. Pure. A frozen picture never looks live: everything but `live` is told in
// words over a dimmed picture, and a live picture that lags says by how much.

import type { Camera } from "../../api/types";
import type { LiveState } from "../../media";

export type TruthName = LiveState["state"] | "off";

export interface Truth {
  name: TruthName;
  tone: "good" | "bad" | "warn" | "neutral";
  /** Seconds behind, when live and more than one. */
  behindS: number | null;
  /** Since when, for states that last. */
  sinceMs: number | null;
  code: string;
  reason: string;
  hint: string;
  /** The picture on screen is not of now. */
  isDimmed: boolean;
}

const TONES: Record<TruthName, Truth["tone"]> = {
  live: "good",
  connecting: "neutral",
  stalled: "warn",
  offline: "bad",
  wrong_password: "bad",
  unsupported: "warn",
  no_permission: "neutral",
  off: "neutral",
};

const BEHIND_FROM_MS = 1000;

export function truthOf(state: LiveState, latencyMs: number | null, isEnabled: boolean): Truth {
  const name: TruthName = isEnabled ? state.state : "off";
  const isLive = name === "live";
  const isBehind = isLive && latencyMs !== null && latencyMs > BEHIND_FROM_MS;
  return {
    name,
    tone: isBehind ? "warn" : TONES[name],
    behindS: isBehind ? Math.round(latencyMs / 1000) : null,
    sinceMs: name === "stalled" || name === "offline" ? state.sinceMs : null,
    code: isEnabled ? state.code : "",
    reason: isEnabled ? state.reason : "",
    hint: isEnabled ? state.hint : "",
    isDimmed: !isLive,
  };
}

export type RecordState = "recording" | "off" | "lost" | "offBySchedule" | "motion" | "event";

/** Whether this camera's footage is being kept at this moment; `motion` and `event` wait for one. */
export function recordStateOf(camera: Pick<Camera, "record" | "enabled" | "live">): RecordState {
  if (!camera.enabled || camera.record === "none") return "off";
  const recorded = camera.record === "sub" ? camera.live.sub : camera.live.main;
  const now = recorded?.recording;
  if (now?.trigger === "off") return "offBySchedule"; // also without a signal: nothing is lost
  if (recorded?.state !== "online" || !now || now.trigger === "none") return "lost";
  if (now.is_recording) return "recording";
  return now.mode === "event" ? "event" : "motion";
}
