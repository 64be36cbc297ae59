/** Live pictures of one camera in a `<video>` element. Design and figures: docs/design/streaming.md. */

import { Arrivals } from "./arrivals";
import { Backoff } from "./backoff";
import { ClockOffset } from "./clock-offset";
import { DriftControl, JUMPING_POLICY, LIVE_POLICY } from "./drift";
import { QuantiserMeter } from "./enhance/quantiser";
import { StreamPace } from "./enhance/stream-pace";
import { FrameMeter } from "./frame-meter";
import { FLAG_AUDIO, FLAG_KEY, KIND_INIT, type MediaMessage, readMessage } from "./head";
import { ReturningSocket, socketUrl } from "./live-socket";
import { decideState, readServerWord, type ServerWord } from "./live-state";
import { MseSink } from "./mse-sink";
import { takeSnapshot } from "./snapshot";
import { canChangeSpeed, canPlay, canPlayH265, chooseStream } from "./support";
import type { LiveOptions, LiveState, LiveStats, StreamChoice, StreamRole } from "./types";
import { WallMap } from "./wall-map";

const TICK_MS = 100;
const STATS_EVERY_TICKS = 10;
const PING_EVERY_TICKS = 50;
/** A hidden tab keeps its connection this long: a glance at another tab must not cost a reconnect. */
const HIDDEN_GRACE_MS = 10_000;
/** Played pictures are kept this long, seconds. */
const KEEP_BEHIND_S = 8;
/** On joining, a picture this far from the edge is jumped over instead of caught up with. */
const JOIN_LAG_S = 0.3;
/** After a jump the decoder catches up with the whole GOP; running dry meanwhile says nothing about the line. */
const SETTLING_MS = 2500;
/** Running dry with more than this buffered, and more than two frames, is the decoder's doing, not the line's; seconds. */
const STARVED_S = 0.15;
/** The connection is said to be lost only when it stays away: a restart of the gateway takes a second or two. */
const LOST_GRACE_MS = 2500;

const CONNECTING: ServerWord = { state: "connecting", code: "", reason: "", hint: "" };

interface Announced {
  mime: string;
  width: number;
  height: number;
  codec: string;
  stream: StreamRole;
}

export class LivePlayer {
  readonly #video: HTMLVideoElement;
  readonly #options: LiveOptions;
  readonly #socket: ReturningSocket;
  readonly #meter = new FrameMeter();
  readonly #arrivals = new Arrivals();
  readonly #walls = new WallMap();
  readonly #offset = new ClockOffset();
  readonly #drift = new DriftControl(canChangeSpeed(navigator.userAgent) ? LIVE_POLICY : JUMPING_POLICY);
  readonly #decoderBackoff = new Backoff();
  readonly #quantiser = new QuantiserMeter();
  readonly #pace = new StreamPace();
  #sink: MseSink | null = null;
  #choice: StreamChoice;
  #asked: StreamRole;
  #wantsAudio: boolean;
  #word: ServerWord = CONNECTING;
  #state: LiveState;
  #stats: LiveStats;
  #announced: Announced | null = null;
  #shown: Announced | null = null;
  /** What the server said since the connection opened, and what the shown pictures are. */
  #saysMasked = false;
  #isMasked = false;
  #hasPlacement = false;
  /** Where the newest key frame lies on the element's timeline, seconds. */
  #keyS: number | null = null;
  #mustJump = true;
  #intervalMs = 40;
  #latencyMs: number | null = null;
  #stalls = 0;
  #dropped = 0;
  #bytes = 0;
  #bytesSinceMs = 0;
  #ticks = 0;
  #jumpedAtMs = 0;
  #lostAtMs: number | null = null;
  #hiddenAtMs: number | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #frameRequest = 0;
  #isRunning = false;

  constructor(video: HTMLVideoElement, options: LiveOptions) {
    this.#video = video;
    this.#options = options;
    this.#choice = options.stream ?? "auto";
    this.#wantsAudio = options.audio ?? false;
    this.#asked = this.#resolveChoice();
    this.#state = { ...CONNECTING, sinceMs: Date.now() };
    this.#socket = new ReturningSocket(() => this.#url(), {
      onOpen: () => this.#onOpen(),
      onText: (message) => this.#onText(message),
      onBinary: (data) => this.#onBinary(data),
      onLost: (finalCode) => this.#onLost(finalCode),
    });
    this.#stats = this.#measure(performance.now());
  }

  get state(): LiveState {
    return this.#state;
  }

  get stats(): LiveStats {
    return this.#stats;
  }

  /** `captured_at` of the shown picture, UTC milliseconds of the server's line, or null before the first. */
  get wallMs(): number | null {
    return this.#sink ? this.#walls.wallOf(this.#video.currentTime) : null;
  }

  /** Mean quantiser of the stream's last pictures, 0 to 51, or null where it is not known (H.264 tells it). */
  get qp(): number | null {
    return this.#quantiser.qp;
  }

  /** Milliseconds from one picture of the stream to the next, or null while it is not known. */
  get pictureMs(): number | null {
    return this.#pace.pictureMs;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#asked = this.#resolveChoice();
    this.#video.addEventListener("waiting", this.#onWaiting);
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#watchFrames();
    this.#socket.open();
  }

  stop(): void {
    this.#isRunning = false;
    clearInterval(this.#timer);
    this.#socket.close();
    this.#video.removeEventListener("waiting", this.#onWaiting);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#video.cancelVideoFrameCallback?.(this.#frameRequest);
    this.#sink?.close();
    this.#sink = null;
  }

  setStream(choice: StreamChoice): void {
    this.#choice = choice;
    this.#ask(this.#resolveChoice());
  }

  setAudio(isWanted: boolean): void {
    if (isWanted === this.#wantsAudio) return;
    this.#wantsAudio = isWanted;
    this.#sendChoice();
  }

  snapshot(): Promise<Blob> {
    return takeSnapshot(this.#video);
  }

  #url(): string {
    return socketUrl(this.#options.url ?? "/api/v1/live", {
      camera: this.#options.camera,
      stream: this.#asked,
      audio: this.#wantsAudio ? "1" : "0",
      h265: canPlayH265() ? "1" : "0",
    });
  }

  #resolveChoice(): StreamRole {
    if (this.#choice !== "auto") return this.#choice;
    const widthPx = this.#video.clientWidth * (globalThis.devicePixelRatio || 1);
    return chooseStream(widthPx, this.#shown?.stream ?? null);
  }

  #ask(role: StreamRole): void {
    if (role === this.#asked) return;
    this.#asked = role;
    this.#sendChoice();
  }

  #sendChoice(): void {
    this.#socket.send({ op: "stream", stream: this.#asked, audio: this.#wantsAudio });
  }

  #onOpen(): void {
    this.#lostAtMs = null;
    this.#saysMasked = false;
    this.#ping();
  }

  #onLost(finalCode: string | null): void {
    this.#lostAtMs ??= performance.now();
    this.#meter.interrupt();
    if (finalCode !== null) {
      const state = finalCode === "not_found" ? "offline" : "no_permission";
      this.#word = { state, code: finalCode, reason: "The server does not give this camera out.", hint: "" };
    }
    this.#updateState();
  }

  #onText(message: Record<string, unknown>): void {
    switch (message["type"]) {
      case "masked":
        this.#saysMasked = true;
        if (!this.#isMasked) this.#closeSink(); // the picture that stands was not masked
        break;
      case "init":
        this.#isMasked = this.#saysMasked;
        this.#announced = {
          mime: String(message["mime"]),
          width: Number(message["width"]),
          height: Number(message["height"]),
          codec: String(message["codec"]),
          stream: message["stream"] === "main" ? "main" : "sub",
        };
        break;
      case "state":
        this.#word = readServerWord(message);
        if (this.#word.state !== "live") this.#meter.interrupt();
        this.#updateState();
        break;
      case "dropped":
        this.#dropped += Number(message["frames"]);
        break;
      case "pong":
        this.#offset.add(Number(message["t"]), performance.timeOrigin + performance.now(), Number(message["server_ms"]));
        break;
      case "error":
        this.#word = {
          state: "offline",
          code: String(message["code"]),
          reason: String(message["message"]),
          hint: String(message["hint"]),
        };
        this.#updateState();
    }
  }

  #onBinary(data: ArrayBuffer): void {
    this.#bytes += data.byteLength;
    const message = readMessage(data);
    if (!message) return;
    if (message.kind === KIND_INIT) this.#takeInit(message);
    else this.#takeFragment(message);
  }

  #takeInit(message: MediaMessage): void {
    const announced = this.#announced;
    if (!announced) return;
    if (!canPlay(announced.mime)) {
      const reason = `This browser cannot show ${announced.codec} (${announced.mime}).`;
      this.#word = { state: "unsupported", code: "unsupported_by_browser", reason, hint: "" };
      this.#updateState();
      return;
    }
    // A SourceBuffer keeps its number of tracks for ever (W3C MSE, init segment received): sound on or off is a new one.
    if (this.#sink && this.#shown && hasSound(this.#shown.mime) !== hasSound(announced.mime)) this.#closeSink();
    this.#sink ??= new MseSink(this.#video, Number.POSITIVE_INFINITY, (reason) => this.#onSinkError(reason));
    this.#sink.init(announced.mime, message.body);
    this.#quantiser.init(message.body);
    this.#pace.init();
    this.#shown = announced;
    this.#hasPlacement = false;
  }

  #takeFragment(message: MediaMessage): void {
    const sink = this.#sink;
    if (!sink) return;
    const isAudio = (message.flags & FLAG_AUDIO) !== 0;
    if (!this.#hasPlacement) {
      if (isAudio) return; // the video's first key frame places both
      const startS = Math.max(sink.endS ?? 0, this.#video.currentTime);
      sink.setShift(startS - message.mediaTimeS);
      this.#walls.clear();
      this.#arrivals.clear();
      this.#hasPlacement = true;
      this.#keyS = null;
      this.#mustJump = true;
    }
    sink.append(message.body);
    if (!isAudio) {
      this.#quantiser.fragment(message.body);
      this.#pace.fragment(message.body, message.durationS);
      const elementS = message.mediaTimeS + sink.shiftS;
      if ((message.flags & FLAG_KEY) !== 0) this.#keyS = elementS;
      this.#walls.add(elementS, message.capturedAtMs, message.durationS);
      this.#arrivals.add(elementS, message.receivedAtMs);
      this.#intervalMs = Math.min(message.durationS * 1000, 5000);
    }
    // Ten times a second is enough near the edge; while catching up at double speed it would overshoot.
    if (this.#mustJump || this.#video.playbackRate > 1.5) sink.whenDone(() => this.#steer());
  }

  #onSinkError(reason: string): void {
    this.#closeSink();
    this.#word = { ...CONNECTING, code: "decoder_restarted", reason };
    this.#updateState();
    this.#socket.restart(this.#decoderBackoff.nextMs());
  }

  #closeSink(): void {
    this.#sink?.close();
    this.#sink = null;
    this.#shown = null;
    this.#meter.interrupt();
  }

  /** Corrects the distance to the live edge. */
  #steer(): void {
    const ranges = this.#sink?.ranges;
    const last = ranges?.at(-1);
    if (!last || !this.#hasPlacement || document.hidden || !this.#sink?.canSeek) return;
    const [startS, endS] = last;
    const video = this.#video;
    const nowS = performance.now() / 1000;
    const lagS = endS - video.currentTime;
    if (this.#mustJump || video.currentTime < startS) {
      if (this.#mustJump && lagS <= JOIN_LAG_S && video.currentTime >= startS) this.#mustJump = false;
      else this.#jumpTo(Math.max(startS, endS - this.#drift.targetS));
    } else {
      const isKeyAhead = this.#keyS !== null && this.#keyS > video.currentTime && this.#keyS < endS;
      const decision = this.#drift.decide(lagS, nowS, isKeyAhead ? endS - (this.#keyS as number) : null);
      if (decision.kind === "jump") this.#jumpTo(Math.max(startS, endS - decision.lagS));
      else if (video.playbackRate !== decision.rate) video.playbackRate = decision.rate;
    }
    if (video.paused) video.play().catch(() => undefined); // refused without a gesture: the element shows its controls
    if (video.currentTime - startS > 2 * KEEP_BEHIND_S) this.#sink.trim(video.currentTime - KEEP_BEHIND_S);
  }

  #jumpTo(timeS: number): void {
    this.#mustJump = false;
    this.#jumpedAtMs = performance.now();
    this.#video.playbackRate = 1;
    this.#video.currentTime = timeS;
  }

  readonly #onWaiting = (): void => {
    if (!this.#meter.sinceLastMs(performance.now()) || this.#video.seeking || document.hidden) return;
    const nowMs = performance.now();
    if (nowMs - this.#jumpedAtMs < SETTLING_MS) return;
    this.#stalls += 1;
    const aheadS = (this.#sink?.endS ?? 0) - this.#video.currentTime;
    if (aheadS > Math.max(STARVED_S, (2.5 * this.#intervalMs) / 1000)) this.#drift.starved(nowMs / 1000);
    else this.#drift.stalled(nowMs / 1000);
  };

  readonly #onVisibility = (): void => {
    this.#meter.excuse(performance.now());
    if (document.hidden) {
      this.#hiddenAtMs = performance.now();
      return;
    }
    const wasAway = this.#hiddenAtMs !== null && !this.#socket.isOpen;
    this.#hiddenAtMs = null;
    this.#mustJump = true;
    if (wasAway) {
      this.#socket.close();
      this.#socket.open();
    }
    this.#steer();
  };

  #tick(): void {
    const nowMs = performance.now();
    this.#ticks += 1;
    if (this.#hiddenAtMs !== null && nowMs - this.#hiddenAtMs > HIDDEN_GRACE_MS) this.#socket.close();
    this.#steer();
    if (this.#lostAtMs !== null && nowMs - this.#lostAtMs > LOST_GRACE_MS && this.#word.state !== "no_permission") {
      if (this.#hiddenAtMs === null) {
        this.#word = { ...CONNECTING, code: "server_unreachable", reason: "The server does not answer." };
      }
    }
    this.#updateState();
    if (this.#ticks % PING_EVERY_TICKS === 0) this.#ping();
    if (this.#ticks % STATS_EVERY_TICKS === 0) {
      this.#ask(this.#resolveChoice());
      this.#stats = this.#measure(nowMs);
      this.#options.onStats?.(this.#stats);
    }
  }

  #ping(): void {
    this.#socket.send({ op: "ping", t: performance.timeOrigin + performance.now() });
  }

  #updateState(): void {
    const picture = {
      sinceLastMs: this.#meter.sinceLastMs(performance.now()),
      isWatched: !document.hidden,
      intervalMs: this.#intervalMs,
    };
    const next = decideState(this.#word, picture, Date.now(), this.#state);
    if (next === this.#state) return;
    this.#state = next;
    queueMicrotask(() => {
      if (this.#isRunning) this.#options.onState?.(next);
    });
  }

  #watchFrames(): void {
    this.#frameRequest = this.#video.requestVideoFrameCallback((_now, frame) => {
      this.#meter.frame(performance.now(), frame.presentedFrames);
      this.#decoderBackoff.reset();
      const receivedMs = this.#arrivals.find(frame.mediaTime);
      const offsetMs = this.#offset.offsetMs;
      if (receivedMs && offsetMs !== null) {
        this.#latencyMs = performance.timeOrigin + frame.expectedDisplayTime + offsetMs - receivedMs;
      }
      if (this.#isRunning) this.#watchFrames();
    });
  }

  #measure(nowMs: number): LiveStats {
    const seconds = Math.max(0.001, (nowMs - this.#bytesSinceMs) / 1000);
    const bitrateBps = this.#bytesSinceMs === 0 ? 0 : (this.#bytes * 8) / seconds;
    this.#bytes = 0;
    this.#bytesSinceMs = nowMs;
    return {
      fps: this.#meter.fps(nowMs),
      latencyMs: this.#latencyMs,
      width: this.#shown?.width ?? 0,
      height: this.#shown?.height ?? 0,
      codec: this.#shown?.codec ?? "",
      stream: this.#shown?.stream ?? null,
      bitrateBps,
      stalls: this.#stalls,
      longestStallS: this.#meter.longestPauseMs(nowMs) / 1000,
      droppedFrames: this.#dropped,
      targetS: this.#drift.targetS,
      hasAudio: this.#shown ? hasSound(this.#shown.mime) : false,
      isMasked: this.#isMasked,
    };
  }
}

function hasSound(mime: string): boolean {
  return /mp4a|opus|flac/i.test(mime);
}
