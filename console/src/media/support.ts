/** What this browser can do, and which stream fits a tile. */

import type { StreamRole } from "./types";

type MediaSourceClass = typeof MediaSource;

/** `ManagedMediaSource` is what iPhones have instead (Safari 17.1). */
export function mediaSourceClass(): MediaSourceClass | null {
  const scope = globalThis as { ManagedMediaSource?: MediaSourceClass; MediaSource?: MediaSourceClass };
  return scope.MediaSource ?? scope.ManagedMediaSource ?? null;
}

export function canPlay(mime: string): boolean {
  return mediaSourceClass()?.isTypeSupported(mime) ?? false;
}

/** Main profile, level 4: what cameras send. */
export function canPlayH265(): boolean {
  return canPlay('video/mp4; codecs="hvc1.1.6.L120.B0"');
}

/**
 * False where each change of speed empties the decoder and makes it run through the GOP anew, unseen: WebKit on GStreamer
 * (Linux; seen in 2.50: 15 pictures in 12 s under the usual steering). No interface tells, so the name has to.
 */
export function canChangeSpeed(userAgent: string): boolean {
  return !(/Linux/.test(userAgent) && /AppleWebKit/.test(userAgent) && !/Chrome|Chromium|Android/.test(userAgent));
}

/** Above this many device pixels of width a sub stream (usually 640 wide) looks soft. */
const MAIN_FROM_PX = 900;
/** Below this the main stream is wasted. The space between keeps a tile from switching back and forth. */
const SUB_FROM_PX = 760;

/** The stream for a tile of this width; `present` is what it shows now, or null. */
export function chooseStream(widthPx: number, present: StreamRole | null): StreamRole {
  if (widthPx >= MAIN_FROM_PX) return "main";
  if (widthPx <= SUB_FROM_PX) return "sub";
  return present ?? "sub";
}
