/** Words shared by the media engine and whoever shows it. No code, only types. */

/** Which media profile is wanted. `auto`: by the size of the tile (see `chooseStream`). */
export type StreamChoice = "auto" | "main" | "sub";
export type StreamRole = "main" | "sub";

/**
 * What a tile says. `connecting` until the first picture; `live`: pictures are arriving and shown; `stalled`: no new picture
 * for more than two seconds, whatever the reason (a frozen picture is never shown as live); the others come from the server.
 */
export type LiveStateName =
  | "connecting"
  | "live"
  | "stalled"
  | "offline"
  | "wrong_password"
  | "unsupported"
  | "no_permission";

export interface LiveState {
  readonly state: LiveStateName;
  /** Stable word for translation, empty when all is well. */
  readonly code: string;
  /** English sentence of the server: why. */
  readonly reason: string;
  /** English sentence of the server: what to do. */
  readonly hint: string;
  /** UTC milliseconds by this browser's clock: since when the state holds. */
  readonly sinceMs: number;
}

export interface LiveStats {
  /** Shown frames per second over the last two seconds. */
  readonly fps: number;
  /** From the packet's arrival at the recorder to its expected display, milliseconds; null when unknown. */
  readonly latencyMs: number | null;
  readonly width: number;
  readonly height: number;
  /** Codec as the server names it: `h264`, `h265`; empty before the first init. */
  readonly codec: string;
  readonly stream: StreamRole | null;
  readonly bitrateBps: number;
  /** How often playback ran dry since the start. */
  readonly stalls: number;
  /** Longest time without a new picture while live, seconds. */
  readonly longestStallS: number;
  /** Frames the server left out because this viewer was too slow. */
  readonly droppedFrames: number;
  /** Distance to the live edge the controller aims at, seconds. */
  readonly targetS: number;
  readonly hasAudio: boolean;
  /** Parts of the picture are filled, because this user may not see them. */
  readonly isMasked: boolean;
}

export interface LiveOptions {
  /** Camera id. */
  readonly camera: string;
  /** Default `auto`. */
  readonly stream?: StreamChoice;
  /** Ask for sound (one tile at a time). The video element's `muted` is the caller's affair. Default false. */
  readonly audio?: boolean;
  /** Default: `/api/v1/live` of the page's origin. */
  readonly url?: string;
  /** Called once per change of state. */
  readonly onState?: (state: LiveState) => void;
  /** Called about once a second. */
  readonly onStats?: (stats: LiveStats) => void;
}

/** `gap`: there is no footage at the clock's time; `reason` says why (see `Gap`). */
export type PlaybackStateName = "idle" | "loading" | "playing" | "paused" | "gap" | "ended" | "unsupported" | "error";

export interface PlaybackState {
  readonly state: PlaybackStateName;
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
  /** Set in state `gap`. */
  readonly gap: Gap | null;
  /** Parts of the picture are filled, because this user may not see them. */
  readonly isMasked?: boolean;
}

export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  /** `camera|network|disk|clock|policy|restart|unknown`. */
  readonly reason: string;
}

export interface PlaybackStats {
  readonly fps: number;
  /** How far the shown picture is from the shared clock, seconds (positive: picture is late). */
  readonly errorS: number;
  readonly bufferedS: number;
  /** From the last seek to its first shown picture, milliseconds; null while seeking. */
  readonly firstFrameMs: number | null;
  readonly width: number;
  readonly height: number;
  readonly codec: string;
  readonly stream: StreamRole | null;
}

export interface PlaybackOptions {
  readonly camera: string;
  /** Default `auto`. */
  readonly stream?: StreamChoice;
  readonly audio?: boolean;
  /** Default: `/api/v1/playback` of the page's origin. */
  readonly url?: string;
  readonly onState?: (state: PlaybackState) => void;
  readonly onStats?: (stats: PlaybackStats) => void;
}

/** What a follower of a `SyncClock` tells it; the clock waits for nobody longer than its patience. */
export interface ClockFollower {
  /** False while the follower has no picture for the clock's time yet. In a gap it is ready. */
  readonly isReady: boolean;
  /** End of the gap the follower is in, UTC milliseconds, or null. When all are in a gap the clock jumps to the first end. */
  readonly gapEndMs: number | null;
}
