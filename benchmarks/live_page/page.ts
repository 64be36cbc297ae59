/** The console's media engine on a bare page, driven by benchmarks and tests through `window.bench`. */

import { LivePlayer, type LiveState, PlaybackPlayer, type PlaybackState, SyncClock } from "../../console/src/media";
import { BarcodeWatch } from "./barcode";

const wall = document.querySelector("#wall") as HTMLElement;
const live: LivePlayer[] = [];
const playback: PlaybackPlayer[] = [];
const liveStates: LiveState[][] = [];
const playbackStates: PlaybackState[][] = [];
const latencies: number[] = [];
const meters: Meter[] = [];
const watches: BarcodeWatch[] = [];
let clock: SyncClock | null = null;

function addVideo(): HTMLVideoElement {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  wall.append(video);
  wall.style.setProperty("--columns", String(Math.ceil(Math.sqrt(wall.children.length))));
  meters.push(meter(video));
  return video;
}

interface Meter {
  /** Frames given to the browser's compositor, and how often this page was told of one. */
  frames: number;
  callbacks: number;
  presented: number;
  lastMs: number;
  longestMs: number;
  sinceMs: number;
}

/**
 * Counts shown frames by the browser's own word, whatever player is behind the element. `presentedFrames` is that word:
 * callbacks come with the main thread's rendering and miss frames when two were composited in between. A trace of the
 * display compositor showed 24.8 to 25.0 frames a second drawn of each of 16 tiles while their callbacks came at 18 to 21.
 */
function meter(video: HTMLVideoElement): Meter {
  const startMs = performance.now();
  const counts: Meter = { frames: 0, callbacks: 0, presented: 0, lastMs: startMs, longestMs: 0, sinceMs: startMs };
  const next = (_now: number, shown: VideoFrameCallbackMetadata): void => {
    const nowMs = performance.now();
    // A new source begins to count from nothing.
    counts.frames += shown.presentedFrames - (shown.presentedFrames < counts.presented ? 0 : counts.presented);
    counts.presented = shown.presentedFrames;
    counts.callbacks += 1;
    counts.longestMs = Math.max(counts.longestMs, nowMs - counts.lastMs);
    counts.lastMs = nowMs;
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
  return counts;
}

const bench = {
  live,
  playback,
  liveStates,
  playbackStates,
  latencies,
  addLive(camera: string, stream: "auto" | "main" | "sub", audio = false): void {
    const states: LiveState[] = [];
    liveStates.push(states);
    const player = new LivePlayer(addVideo(), {
      camera,
      stream,
      audio,
      onState: (state) => states.push(state),
      onStats: (stats) => stats.latencyMs !== null && latencies.push(stats.latencyMs),
    });
    live.push(player);
    player.start();
  },
  addPlayback(camera: string, stream: "auto" | "main" | "sub"): void {
    clock ??= new SyncClock();
    const states: PlaybackState[] = [];
    playbackStates.push(states);
    const player = new PlaybackPlayer(addVideo(), { camera, stream, clock, onState: (state) => states.push(state) });
    playback.push(player);
    player.start();
  },
  get clock(): SyncClock {
    clock ??= new SyncClock();
    return clock;
  },
  /** Counts the shown frames of every video of a page that is not ours. */
  meterVideos(): void {
    meters.push(...[...document.querySelectorAll("video")].map(meter));
  },
  /** Reads the frame number that is painted into the picture, at every shown frame of the page's n-th video. */
  watchBarcode(tile: number): void {
    watches.push(new BarcodeWatch(document.querySelectorAll("video")[tile] as HTMLVideoElement));
  },
  /** Frames and callbacks per second and longest pause between callbacks of every tile since the last reset. */
  tiles(): { fps: number; callbacksPerS: number; longestPauseS: number }[] {
    const nowMs = performance.now();
    return meters.map((counts) => ({
      fps: (counts.frames * 1000) / (nowMs - counts.sinceMs),
      callbacksPerS: (counts.callbacks * 1000) / (nowMs - counts.sinceMs),
      longestPauseS: Math.max(counts.longestMs, nowMs - counts.lastMs) / 1000,
    }));
  },
  resetTiles(): void {
    const nowMs = performance.now();
    for (const counts of meters) Object.assign(counts, { frames: 0, callbacks: 0, lastMs: nowMs, longestMs: 0, sinceMs: nowMs });
  },
  /** Shown frame numbers with the UTC milliseconds of their display, per watch. */
  barcodes(): [number, number][][] {
    return watches.map((watch) => watch.take());
  },
  async picture(tile: number): Promise<{ width: number; height: number; mean: number; currentTime: number }> {
    const video = wall.children[tile] as HTMLVideoElement;
    const canvas = new OffscreenCanvas(64, 36);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.drawImage(video, 0, 0, 64, 36);
    const pixels = context.getImageData(0, 0, 64, 36).data;
    const mean = pixels.reduce((sum, value, index) => (index % 4 === 3 ? sum : sum + value), 0) / (64 * 36 * 3);
    return { width: video.videoWidth, height: video.videoHeight, mean, currentTime: video.currentTime };
  },
  stop(): void {
    for (const player of [...live, ...playback]) player.stop();
    clock?.stop();
  },
};

declare global {
  interface Window {
    bench: typeof bench;
  }
}
window.bench = bench;
