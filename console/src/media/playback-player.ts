/** Recorded pictures of one camera in a `<video>` element, following a `SyncClock`. Design: docs/design/streaming.md. */

import { QuantiserMeter } from "./enhance/quantiser";
import { StreamPace } from "./enhance/stream-pace";
import { decideFollow, isKeysOnly, MAX_CORRECTION } from "./follow";
import { FrameMeter } from "./frame-meter";
import { FLAG_AUDIO, KIND_INIT, type MediaMessage, readMessage } from "./head";
import { ReturningSocket, socketUrl } from "./live-socket";
import { MseSink } from "./mse-sink";
import { takeSnapshot } from "./snapshot";
import { canChangeSpeed, canPlay, canPlayH265, chooseStream } from "./support";
import type { ClockChange, SyncClock } from "./sync-clock";
import type { Gap, PlaybackOptions, PlaybackState, PlaybackStateName, PlaybackStats, StreamRole } from "./types";
import { WallMap } from "./wall-map";

const TICK_MS = 50;
const STATS_EVERY_TICKS = 20;
/** The server learns this often how far we are; it stays 10 s x speed ahead. */
const REPORT_EVERY_TICKS = 10;
const KEEP_BEHIND_S = 15;
const DEFAULT_FRAME_S = 0.04;
/** A picture within this of the clock counts as "there". */
const READY_WITHIN_S = 0.25;

interface Announced {
  mime: string;
  width: number;
  height: number;
  codec: string;
  stream: StreamRole;
}

export class PlaybackPlayer {
  readonly #video: HTMLVideoElement;
  readonly #options: PlaybackOptions & { clock: SyncClock };
  readonly #clock: SyncClock;
  readonly #socket: ReturningSocket;
  readonly #walls = new WallMap();
  readonly #meter = new FrameMeter();
  readonly #quantiser = new QuantiserMeter();
  readonly #pace = new StreamPace();
  readonly #maxCorrection = canChangeSpeed(navigator.userAgent) ? MAX_CORRECTION : 0;
  #gaps: Gap[] = [];
  #sink: MseSink | null = null;
  #announced: Announced | null = null;
  #shown: Announced | null = null;
  #play = 0;
  #isAnswered = false;
  #hasEnded = false;
  #isMasked = false;
  #isKeysOnly = false;
  #wantsSeek = false;
  #failure: { state: PlaybackStateName; code: string; reason: string; hint: string } | null = null;
  #state: PlaybackState = { state: "idle", code: "", reason: "", hint: "", gap: null };
  #stats: PlaybackStats;
  #seekStartedMs: number | null = null;
  #firstFrameMs: number | null = null;
  #errorS = 0;
  /** Distance of two frames: the smallest seen since the last seek, because shown frames may skip some. */
  #frameS = DEFAULT_FRAME_S;
  #lastMediaS: number | null = null;
  #isFrameLearned = false;
  #ticks = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #frameRequest = 0;
  #detach: () => void = () => undefined;
  #isRunning = false;

  constructor(video: HTMLVideoElement, options: PlaybackOptions & { clock: SyncClock }) {
    this.#video = video;
    this.#options = options;
    this.#clock = options.clock;
    this.#socket = new ReturningSocket(() => socketUrl(options.url ?? "/api/v1/playback", {}), {
      onOpen: () => this.#request(),
      onText: (message) => this.#onText(message),
      onBinary: (data) => this.#onBinary(data),
      onLost: (finalCode) => this.#onLost(finalCode),
    });
    this.#stats = this.#measure();
  }

  get state(): PlaybackState {
    return this.#state;
  }

  get stats(): PlaybackStats {
    return this.#stats;
  }

  /** Wall time of the shown picture, UTC milliseconds, or null. */
  get wallMs(): number | null {
    return this.#walls.wallOf(this.#video.currentTime);
  }

  /** Mean quantiser of the last pictures that came, 0 to 51, or null where it is not known (H.264 tells it). */
  get qp(): number | null {
    return this.#quantiser.qp;
  }

  /** Milliseconds from one picture of the stream to the next, or null while it is not known. */
  get pictureMs(): number | null {
    return this.#pace.pictureMs;
  }

  // --- what the clock asks of a follower

  get isReady(): boolean {
    if (this.#failure || this.#gapNow() || this.#isBeyondEnd()) return true;
    if (!this.#isAnswered || this.#video.seeking) return false;
    const mediaS = this.#walls.mediaOf(this.#clock.nowMs);
    if (mediaS === null) return false;
    return Math.abs(mediaS - this.#video.currentTime) < READY_WITHIN_S * Math.max(1, this.#clock.speed) && this.#video.readyState >= 2;
  }

  get gapEndMs(): number | null {
    if (this.#failure || this.#isBeyondEnd()) return Number.POSITIVE_INFINITY;
    return this.#gapNow()?.toMs ?? null;
  }

  clockChanged(change: ClockChange): void {
    if (!this.#isRunning) return;
    if (change === "seek") this.#onSeek();
    else if (change === "rate" && isKeysOnly(this.#clock.speed) !== this.#isKeysOnly) this.#request();
    else this.#follow();
  }

  // --- life

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#detach = this.#clock.attach(this);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#watchFrames();
    this.#socket.open();
  }

  stop(): void {
    this.#isRunning = false;
    this.#detach();
    clearInterval(this.#timer);
    this.#socket.close();
    this.#video.cancelVideoFrameCallback?.(this.#frameRequest);
    this.#sink?.close();
    this.#sink = null;
  }

  /** Moves by frames and pauses. Backwards the browser decodes from the key frame before. */
  step(frames: number): void {
    this.#clock.pause();
    const wallMs = this.#walls.wallOf(this.#video.currentTime + frames * this.#frameS);
    if (wallMs !== null) this.#clock.seek(wallMs);
  }

  snapshot(): Promise<Blob> {
    return takeSnapshot(this.#video);
  }

  // --- asking the server

  #request(): void {
    if (!this.#socket.isOpen || this.#clock.nowMs === 0) return;
    this.#play += 1;
    this.#isAnswered = false;
    this.#hasEnded = false;
    this.#isMasked = false;
    this.#failure = null;
    this.#gaps = []; // not at the init: a gap at the asked time is said before it
    this.#isKeysOnly = isKeysOnly(this.#clock.speed);
    this.#seekStartedMs ??= performance.now();
    this.#socket.send({
      op: "play",
      play: this.#play,
      camera: this.#options.camera,
      stream: this.#resolveStream(),
      at: new Date(this.#clock.nowMs).toISOString(),
      speed: this.#clock.speed,
      keys_only: this.#isKeysOnly,
      audio: (this.#options.audio ?? false) && this.#clock.speed === 1,
      h265: canPlayH265(),
    });
  }

  #resolveStream(): string {
    const choice = this.#options.stream ?? "auto";
    if (choice !== "auto") return choice;
    return chooseStream(this.#video.clientWidth * (globalThis.devicePixelRatio || 1), this.#shown?.stream ?? null);
  }

  #onSeek(): void {
    this.#seekStartedMs = performance.now();
    this.#firstFrameMs = null;
    this.#meter.interrupt();
    const mediaS = this.#walls.mediaOf(this.#clock.nowMs);
    const isHere = mediaS !== null && this.#isAnswered && this.#isBuffered(mediaS);
    if (isHere && mediaS !== null) this.#video.currentTime = mediaS;
    else this.#request();
  }

  #isBuffered(mediaS: number): boolean {
    return this.#sink?.ranges.some(([start, end]) => mediaS >= start - 0.001 && mediaS < end) ?? false;
  }

  // --- what the server says

  #onText(message: Record<string, unknown>): void {
    if (message["play"] !== undefined && message["play"] !== this.#play) return; // of a seek that is history
    switch (message["type"]) {
      case "masked":
        this.#isMasked = true;
        break;
      case "init":
        this.#announced = {
          mime: String(message["mime"]),
          width: Number(message["width"]),
          height: Number(message["height"]),
          codec: String(message["codec"]),
          stream: message["stream"] === "main" ? "main" : "sub",
        };
        if (!this.#isAnswered) this.#beginAnswer();
        break;
      case "position":
        this.#onPosition(Number(message["media_time_s"]));
        break;
      case "gap":
        this.#gaps.push({
          fromMs: Date.parse(String(message["from"])),
          toMs: Date.parse(String(message["to"])),
          reason: String(message["reason"]),
        });
        break;
      case "end":
        this.#hasEnded = true;
        this.#isAnswered = true;
        break;
      case "error":
        this.#isAnswered = true;
        this.#failure = {
          state: message["code"] === "unsupported" ? "unsupported" : "error",
          code: String(message["code"]),
          reason: String(message["message"]),
          hint: String(message["hint"]),
        };
    }
  }

  /** Everything from here on belongs to the newest request: forget what was there. */
  #beginAnswer(): void {
    this.#isAnswered = true;
    this.#walls.clear();
    this.#wantsSeek = true;
    const announced = this.#announced as Announced;
    if (this.#sink && this.#shown && hasSound(this.#shown.mime) !== hasSound(announced.mime)) this.#closeSink();
    this.#sink?.clear();
  }

  #onPosition(mediaTimeS: number): void {
    this.#sink?.whenSeekable(() => {
      this.#video.currentTime = mediaTimeS;
      this.#wantsSeek = false;
    });
  }

  #onBinary(data: ArrayBuffer): void {
    const message = readMessage(data);
    if (!message || !this.#isAnswered || this.#failure) return;
    if (message.kind === KIND_INIT) this.#takeInit(message);
    else this.#takeFragment(message);
  }

  #takeInit(message: MediaMessage): void {
    const announced = this.#announced;
    if (!announced) return;
    if (!canPlay(announced.mime)) {
      const reason = `This browser cannot show ${announced.codec} (${announced.mime}).`;
      this.#failure = { state: "unsupported", code: "unsupported_by_browser", reason, hint: "" };
      return;
    }
    this.#sink ??= new MseSink(this.#video, Number.POSITIVE_INFINITY, (reason) => this.#onSinkError(reason));
    this.#sink.init(announced.mime, message.body);
    this.#quantiser.init(message.body);
    this.#pace.init();
    this.#shown = announced;
  }

  #takeFragment(message: MediaMessage): void {
    if (!this.#sink) return;
    this.#sink.append(message.body);
    if ((message.flags & FLAG_AUDIO) !== 0 && message.durationS === 0) return;
    if ((message.flags & FLAG_AUDIO) === 0) {
      this.#quantiser.fragment(message.body);
      this.#pace.fragment(message.body, message.durationS);
    }
    this.#walls.add(message.mediaTimeS, message.capturedAtMs, message.durationS);
    this.#sink.whenDone(() => this.#follow());
  }

  #onSinkError(reason: string): void {
    this.#closeSink();
    this.#failure = { state: "error", code: "decoder_failed", reason, hint: "Seek to try again." };
  }

  #closeSink(): void {
    this.#sink?.close();
    this.#sink = null;
    this.#shown = null;
  }

  #onLost(finalCode: string | null): void {
    this.#isAnswered = false;
    if (finalCode === null) return;
    this.#failure = { state: "error", code: finalCode, reason: "The server does not give this recording out.", hint: "" };
  }

  // --- following the clock

  #gapNow(): Gap | null {
    const wallMs = this.#clock.nowMs;
    const hole = this.#walls.holeAt(wallMs);
    const said = this.#gaps.find((gap) => wallMs >= gap.fromMs && wallMs < gap.toMs);
    if (said && this.#walls.mediaOf(wallMs) === null) return said;
    return hole ? { ...hole, reason: "unknown" } : null;
  }

  #isBeyondEnd(): boolean {
    return this.#hasEnded && this.#clock.nowMs >= (this.#walls.endWallMs ?? 0);
  }

  #follow(): void {
    const video = this.#video;
    if (!this.#sink || this.#wantsSeek) return;
    const mediaS = this.#walls.mediaOf(this.#clock.nowMs);
    if (mediaS === null || !this.#clock.isPlaying) {
      if (!video.paused) video.pause();
      if (mediaS !== null && !video.seeking) this.#settle(mediaS);
      return;
    }
    this.#errorS = mediaS - video.currentTime;
    if (!video.seeking) this.#correct(mediaS);
    if (this.#clock.isRunning && video.paused) video.play().catch(() => undefined);
    if (!this.#clock.isRunning && !video.paused) video.pause();
  }

  #correct(mediaS: number): void {
    const decision = decideFollow(this.#errorS, this.#clock.speed, this.#maxCorrection);
    if (decision.kind === "rate") {
      if (this.#video.playbackRate !== decision.rate) this.#video.playbackRate = decision.rate;
    } else if (this.#isBuffered(mediaS)) {
      this.#video.currentTime = mediaS;
    }
  }

  /** Paused: stand exactly on the clock's picture. */
  #settle(mediaS: number): void {
    this.#errorS = mediaS - this.#video.currentTime;
    if (Math.abs(this.#errorS) > 0.02 && this.#isBuffered(mediaS)) this.#video.currentTime = mediaS;
  }

  #tick(): void {
    this.#ticks += 1;
    this.#follow();
    this.#setState({ ...this.#judge(), isMasked: this.#isMasked });
    if (this.#ticks % REPORT_EVERY_TICKS === 0) this.#report();
    if (this.#ticks % STATS_EVERY_TICKS === 0) {
      this.#stats = this.#measure();
      this.#options.onStats?.(this.#stats);
    }
  }

  #report(): void {
    if (!this.#isAnswered || !this.#sink) return;
    const mediaTimeS = this.#video.currentTime;
    this.#socket.send({ op: "buffered", media_time_s: mediaTimeS, speed: this.#clock.speed });
    if (mediaTimeS > 2 * KEEP_BEHIND_S) {
      this.#sink.trim(mediaTimeS - KEEP_BEHIND_S);
      this.#walls.trim(mediaTimeS - KEEP_BEHIND_S);
    }
  }

  #judge(): PlaybackState {
    const plain = { code: "", reason: "", hint: "", gap: null };
    if (this.#failure) return { ...this.#failure, gap: null };
    if (this.#play === 0) return { ...plain, state: "idle" };
    const gap = this.#gapNow();
    if (gap) return { ...plain, state: "gap", reason: gap.reason, gap };
    if (this.#isBeyondEnd()) return { ...plain, state: "ended" };
    if (!this.isReady) return { ...plain, state: "loading" };
    return { ...plain, state: this.#clock.isPlaying ? "playing" : "paused" };
  }

  #setState(next: PlaybackState): void {
    const before = this.#state;
    const isSame = next.state === before.state && next.code === before.code && next.isMasked === before.isMasked;
    if (isSame && next.gap?.fromMs === before.gap?.fromMs) return;
    this.#state = next;
    queueMicrotask(() => {
      if (this.#isRunning) this.#options.onState?.(next);
    });
  }

  #watchFrames(): void {
    this.#frameRequest = this.#video.requestVideoFrameCallback((_now, frame) => {
      const nowMs = performance.now();
      this.#meter.frame(nowMs, frame.presentedFrames);
      this.#learnFrameDistance(frame.mediaTime);
      if (this.#seekStartedMs !== null && this.#isAnswered && !this.#wantsSeek) {
        this.#firstFrameMs = nowMs - this.#seekStartedMs;
        this.#seekStartedMs = null;
      }
      if (this.#isRunning) this.#watchFrames();
    });
  }

  #learnFrameDistance(mediaS: number): void {
    const distanceS = this.#lastMediaS === null ? 0 : mediaS - this.#lastMediaS;
    this.#lastMediaS = mediaS;
    if (distanceS < 0.005 || distanceS > 2) return;
    this.#frameS = this.#isFrameLearned ? Math.min(this.#frameS, distanceS) : distanceS;
    this.#isFrameLearned = true;
  }

  #measure(): PlaybackStats {
    return {
      fps: this.#meter.fps(performance.now()),
      errorS: this.#errorS,
      bufferedS: Math.max(0, (this.#sink?.endS ?? 0) - this.#video.currentTime),
      firstFrameMs: this.#firstFrameMs,
      width: this.#shown?.width ?? 0,
      height: this.#shown?.height ?? 0,
      codec: this.#shown?.codec ?? "",
      stream: this.#shown?.stream ?? null,
    };
  }
}

function hasSound(mime: string): boolean {
  return /mp4a|opus|flac/i.test(mime);
}
