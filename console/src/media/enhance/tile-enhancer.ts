/**
 * Shows a video's pictures enlarged on a canvas over it, at the video's own pace, always labelled; the plain video stays
 * beneath and is what is seen whenever this cannot go on. Design: docs/design/enhance.md, "Tiles".
 */

import { chooseSet, type SetName } from "./bank";
import { EnhanceError, type Enlarger } from "./enlarger";
import { fitOf, labelPx, plateOf, type Shape } from "./fit";
import { SCALE } from "./network";
import { Pace } from "./pace";

/**
 * `starting`; `on`: the enlarged picture is seen; `fine`, `large`: as `Fit`; `slow`: a picture takes longer than the stream
 * gives; `unsupported`: no WebGL2 with float targets; `wrong`: the machine computes other numbers; `failed`: the weights
 * cannot be fetched, or the graphics processor is taken away again and again.
 */
export type EnhanceWord = "starting" | "on" | "fine" | "large" | "slow" | "unsupported" | "wrong" | "failed";

export interface EnhanceState {
  readonly word: EnhanceWord;
  /** Median time that a picture takes, and what the stream gives at normal speed, milliseconds; null: not known. */
  readonly costMs: number | null;
  readonly intervalMs: number | null;
}

/** What a tile needs of an `Enlarger`. */
export type Drawing = Pick<Enlarger, "draw" | "finish" | "isLost" | "onLost" | "prepare">;

export interface EnhanceOptions {
  /** See `EnlargerPool`. */
  readonly pool: { take(): Drawing; giveBack(drawing: Drawing): void };
  /** Written into every picture. */
  readonly label: string;
  /** The stream's quantiser now, or null (see `QuantiserMeter`). */
  readonly qp: () => number | null;
  /** Milliseconds from one picture of the stream to the next, or null while it is not known (see `StreamPace`). */
  readonly pictureMs: () => number | null;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
  readonly onState: (state: EnhanceState) => void;
}

/** Shaders are compiled while the first pictures are drawn. */
const UNMEASURED = 2;
const MEASURED_EACH = 25;
const MEASURED_FIRST = 10;
/** So often the set is chosen anew, pictures. */
const CHOSEN_EACH = 100;
const ATTEMPTS = 3;
const RETRY_MS = 1000;

export class TileEnhancer {
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #target: CanvasRenderingContext2D | null;
  readonly #options: EnhanceOptions;
  readonly #watcher: IntersectionObserver;
  #enlarger: Drawing | null = null;
  #forget: () => void = () => undefined;
  #set: SetName = "clean";
  #pace = new Pace();
  #drawn = 0;
  #attempts = 0;
  #request = 0;
  #isVisible = true;
  #isReady = false;
  #isRunning = false;
  #word: EnhanceWord | null = null;
  #toldMs: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement, options: EnhanceOptions) {
    this.#video = video;
    this.#canvas = canvas;
    this.#target = canvas.getContext("2d", { alpha: false });
    this.#options = options;
    this.#watcher = new IntersectionObserver((entries) => {
      this.#isVisible = entries.at(-1)?.isIntersecting ?? true;
    });
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#watcher.observe(this.#video);
    this.#video.addEventListener("emptied", this.#onEmptied);
    this.#say("starting");
    this.#watch();
    void this.#open();
  }

  /** For good; the plain video is seen. */
  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    this.#watcher.disconnect();
    this.#video.removeEventListener("emptied", this.#onEmptied);
    this.#video.cancelVideoFrameCallback?.(this.#request);
    this.#release();
    this.#hide();
  }

  async #open(): Promise<void> {
    try {
      if (!this.#target || !("requestVideoFrameCallback" in this.#video)) throw new EnhanceError("unsupported", "");
      const enlarger = this.#options.pool.take();
      this.#enlarger = enlarger;
      this.#forget = enlarger.onLost(() => this.#onLost());
      await this.#choose(enlarger);
      if (this.#enlarger !== enlarger || !this.#isRunning) return;
      this.#isReady = true;
      if (this.#video.paused) this.#draw(); // no new picture may come
    } catch (reason) {
      this.#giveUp(reason instanceof EnhanceError ? reason.code : "failed");
    }
  }

  async #choose(enlarger: Drawing): Promise<void> {
    const wanted = chooseSet(this.#options.qp());
    await enlarger.prepare(wanted);
    this.#set = wanted;
  }

  #watch(): void {
    if (!this.#isRunning || !("requestVideoFrameCallback" in this.#video)) return;
    this.#request = this.#video.requestVideoFrameCallback(() => {
      if (this.#isReady) this.#draw();
      this.#watch();
    });
  }

  #draw(): void {
    const [video, enlarger, target] = [this.#video, this.#enlarger, this.#target];
    if (!enlarger || !target || enlarger.isLost || video.readyState < 2 || !this.#isVisible || document.hidden) return;
    const picture = { width: video.videoWidth, height: video.videoHeight };
    const box = { width: video.clientWidth, height: video.clientHeight };
    const fit = fitOf(picture, box, globalThis.devicePixelRatio || 1);
    if (fit !== "enlarge") {
      this.#hide();
      this.#say(fit);
      return;
    }
    if (picture.width * SCALE !== this.#canvas.width || picture.height * SCALE !== this.#canvas.height) this.#begin(picture);
    const intervalMs = this.#options.pictureMs();
    if (!video.paused && intervalMs === null) {
      this.#canvas.hidden = true;
      this.#say("starting");
      return;
    }
    const isMeasured = this.#drawn >= UNMEASURED && (this.#drawn < MEASURED_FIRST || this.#drawn % MEASURED_EACH === 0);
    const startMs = this.#options.now();
    this.#canvas.dataset["weights"] = this.#set;
    enlarger.draw(target, video, picture.width, picture.height, this.#set);
    this.#label(target, picture, box);
    if (isMeasured) {
      enlarger.finish();
      this.#pace.cost(this.#options.now() - startMs);
    }
    this.#drawn += 1;
    if (!video.paused && intervalMs !== null && this.#pace.isTooSlow(intervalMs, video.playbackRate)) {
      this.#giveUp("slow");
      return;
    }
    this.#canvas.hidden = false;
    this.#say("on");
    if (this.#drawn % CHOSEN_EACH === 0) this.#choose(enlarger).catch(() => undefined); // the old set goes on
  }

  /** The first picture of a size: of another stream, or after nothing was shown. */
  #begin({ width, height }: Shape): void {
    this.#canvas.width = SCALE * width;
    this.#canvas.height = SCALE * height;
    this.#drawn = 0;
    this.#pace = new Pace();
  }

  #label(target: CanvasRenderingContext2D, picture: Shape, box: Shape): void {
    const textPx = labelPx(picture, box);
    target.font = `600 ${textPx}px system-ui, sans-serif`;
    const plate = plateOf(picture, target.measureText(this.#options.label).width, textPx);
    target.fillStyle = "#1c1c1c";
    target.fillRect(plate.left, plate.top, plate.width, plate.height);
    target.fillStyle = "#ffd33d";
    target.textAlign = "center";
    target.textBaseline = "middle";
    target.fillText(this.#options.label, plate.left + plate.width / 2, plate.top + plate.height / 2, plate.width);
  }

  /** The video holds no picture any more, perhaps because one may not be seen any longer (privacy zones). */
  readonly #onEmptied = (): void => {
    this.#pace = new Pace();
    this.#hide();
    if (this.#word === "on") this.#say("starting");
  };

  #onLost(): void {
    this.#release();
    this.#hide();
    this.#attempts += 1;
    if (this.#attempts === ATTEMPTS) {
      this.#giveUp("failed");
      return;
    }
    this.#say("starting");
    this.#timer = setTimeout(() => void this.#open(), RETRY_MS);
  }

  #giveUp(word: EnhanceWord): void {
    if (!this.#isRunning) return;
    this.stop();
    this.#tell(word);
  }

  #release(): void {
    this.#isReady = false;
    this.#forget();
    if (this.#enlarger) this.#options.pool.giveBack(this.#enlarger);
    this.#enlarger = null;
  }

  /** Nothing of a picture stays behind. */
  #hide(): void {
    this.#canvas.hidden = true;
    this.#canvas.width = this.#canvas.height = 0;
  }

  /** Once for each word, and again when a picture takes another time. */
  #say(word: EnhanceWord): void {
    const costMs = this.#pace.costMs;
    const isOther = costMs !== null && Math.round(costMs) !== this.#toldMs;
    if (word !== this.#word || (word === "on" && isOther)) this.#tell(word);
  }

  #tell(word: EnhanceWord): void {
    const costMs = this.#pace.costMs;
    this.#word = word;
    this.#toldMs = costMs === null ? null : Math.round(costMs);
    this.#options.onState({ word, costMs, intervalMs: this.#options.pictureMs() });
  }
}
