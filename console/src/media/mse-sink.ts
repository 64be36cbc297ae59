/**
 * Feeds one SourceBuffer: a queue, because a SourceBuffer does one thing at a time, and the timeline's shift.
 *
 * The element's timeline belongs to the page: `shift` seconds are added to the stream's media time (by
 * `timestampOffset`), so that a switch to another stream continues where the old one ended.
 */

import { mediaSourceClass } from "./support";

type Operation =
  | { kind: "append"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "type"; mime: string }
  | { kind: "shift"; shiftS: number }
  | { kind: "remove"; fromS: number; toS: number }
  | { kind: "done"; call: () => void };

/** More waiting than this means the element does not take data any more (decoder dead, page frozen). */
const MAX_QUEUED_BYTES = 48 * 1024 * 1024;

export class MseSink {
  readonly #video: HTMLVideoElement;
  readonly #onError: (reason: string) => void;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #url = "";
  #queue: Operation[] = [];
  #queuedBytes = 0;
  #shiftS = 0;
  #isShortOfSpace = false;
  #isLoaded = false;
  #awaitsSeek: (() => void) | null = null;
  /** Ends with the sink: what listens to the element, which outlives it. */
  readonly #life = new AbortController();
  readonly #durationS: number;

  /** `durationS` is infinite for live. */
  constructor(video: HTMLVideoElement, durationS: number, onError: (reason: string) => void) {
    this.#video = video;
    this.#durationS = durationS;
    this.#onError = onError;
    this.#open();
  }

  get shiftS(): number {
    return this.#shiftS;
  }

  /** Announces the type of what follows and its init segment. */
  init(mime: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#push({ kind: "type", mime });
    this.#push({ kind: "append", bytes });
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#queuedBytes > MAX_QUEUED_BYTES) {
      this.#onError("the browser takes no more media");
      return;
    }
    this.#push({ kind: "append", bytes });
  }

  /** From the next append on, media time + `shiftS` = element time. */
  setShift(shiftS: number): void {
    this.#shiftS = shiftS;
    this.#push({ kind: "shift", shiftS });
  }

  /** Forgets everything buffered and queued. */
  clear(): void {
    this.#awaitsSeek = null;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#push({ kind: "remove", fromS: 0, toS: Number.POSITIVE_INFINITY });
  }

  /** Gives back memory before `toS`. */
  trim(toS: number): void {
    const start = this.#buffer?.buffered.length ? this.#buffer.buffered.start(0) : toS;
    if (toS - start > 1 && !this.#queue.some((op) => op.kind === "remove")) this.#push({ kind: "remove", fromS: 0, toS });
  }

  /** Calls back when everything queued so far is in. */
  whenDone(call: () => void): void {
    this.#push({ kind: "done", call });
  }

  /**
   * True from the first decoded picture on. WebKit on GStreamer fails for good ("Failed to push buffer") at a seek that
   * comes while its decoder is still being linked. Data that does not begin at the element's time needs the seek to show.
   */
  get canSeek(): boolean {
    const start = this.ranges[0]?.[0] ?? null;
    return this.#isLoaded || (start !== null && start > this.#video.currentTime);
  }

  /** Calls back when everything queued so far is in and a seek is safe; the newest call replaces one that waits. */
  whenSeekable(call: () => void): void {
    this.whenDone(() => {
      this.#awaitsSeek = call;
      this.#letSeek();
    });
  }

  /** Buffered ranges of the element, oldest first. */
  get ranges(): [number, number][] {
    const buffered = this.#video.buffered;
    return Array.from({ length: buffered.length }, (_, index) => [buffered.start(index), buffered.end(index)]);
  }

  /** End of the last buffered range, or null. */
  get endS(): number | null {
    return this.ranges.at(-1)?.[1] ?? null;
  }

  close(): void {
    this.#life.abort();
    this.#queue = [];
    this.#buffer = null;
    const source = this.#source;
    this.#source = null;
    if (source?.readyState === "open") {
      try {
        source.endOfStream();
      } catch {
        // updating: the element lets go of it with the next line anyway
      }
    }
    URL.revokeObjectURL(this.#url);
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #open(): void {
    const Source = mediaSourceClass();
    if (!Source) {
      queueMicrotask(() => this.#onError("this browser has no Media Source Extensions"));
      return;
    }
    const source = new Source();
    this.#source = source;
    source.addEventListener("sourceopen", () => this.#pump(), { once: true });
    this.#url = URL.createObjectURL(source);
    this.#listen();
    this.#video.disableRemotePlayback = true; // ManagedMediaSource opens only then
    this.#video.src = this.#url;
  }

  #listen(): void {
    const { signal } = this.#life;
    const onLoaded = () => {
      this.#isLoaded = true;
      this.#letSeek();
    };
    this.#video.addEventListener("loadeddata", onLoaded, { signal });
    // WebKit goes on taking fragments after its decoder failed; without this the tile would wait for a picture for ever.
    this.#video.addEventListener("error", () => this.#onError(this.#video.error?.message || "the decoder failed"), { signal });
  }

  #letSeek(): void {
    const call = this.#awaitsSeek;
    if (!call || !this.canSeek) return;
    this.#awaitsSeek = null;
    call();
  }

  #push(operation: Operation): void {
    if (operation.kind === "append") this.#queuedBytes += operation.bytes.byteLength;
    this.#queue.push(operation);
    this.#pump();
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#source?.readyState === "open" && !this.#buffer?.updating) {
      const operation = this.#queue.shift() as Operation;
      try {
        this.#perform(operation);
      } catch (error) {
        const isQuota = error instanceof DOMException && error.name === "QuotaExceededError";
        if (isQuota && !this.#isShortOfSpace) this.#freeSpace(operation);
        else {
          this.#queue = [];
          this.#onError(String(error));
          return;
        }
      }
    }
  }

  #perform(operation: Operation): void {
    switch (operation.kind) {
      case "type":
        this.#setType(operation.mime);
        return;
      case "append":
        this.#queuedBytes -= operation.bytes.byteLength;
        this.#buffer?.appendBuffer(operation.bytes);
        this.#isShortOfSpace = false;
        return;
      case "shift":
        if (this.#buffer) this.#buffer.timestampOffset = operation.shiftS;
        return;
      case "remove":
        if (this.#buffer?.buffered.length) this.#buffer.remove(operation.fromS, operation.toS);
        return;
      case "done":
        operation.call();
    }
  }

  #setType(mime: string): void {
    if (this.#buffer) {
      this.#buffer.changeType(mime);
      return;
    }
    const source = this.#source as MediaSource;
    source.duration = this.#durationS;
    const buffer = source.addSourceBuffer(mime);
    buffer.mode = "segments";
    buffer.addEventListener("updateend", () => {
      this.#letSeek();
      this.#pump();
    });
    buffer.addEventListener("error", () => this.#onError("the browser refused a media fragment"));
    this.#buffer = buffer;
  }

  /** The buffer is full: everything played goes. If that was not enough, the next failure is final. */
  #freeSpace(operation: Operation): void {
    this.#isShortOfSpace = true;
    if (operation.kind === "append") this.#queuedBytes += operation.bytes.byteLength;
    this.#queue.unshift({ kind: "remove", fromS: 0, toS: Math.max(0.1, this.#video.currentTime - 1) }, operation);
  }
}
