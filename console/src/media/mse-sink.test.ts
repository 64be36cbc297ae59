import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MseSink } from "./mse-sink";

class FakeBuffer extends EventTarget {
  mode = "";
  readonly updating = false;
  readonly buffered = { length: 0 };
  appendBuffer(): void {
    this.dispatchEvent(new Event("updateend"));
  }
}

class FakeSource extends EventTarget {
  readyState = "open";
  duration = 0;
  readonly buffer = new FakeBuffer();
  constructor() {
    super();
    queueMicrotask(() => this.dispatchEvent(new Event("sourceopen")));
  }
  addSourceBuffer(): FakeBuffer {
    return this.buffer;
  }
  endOfStream(): void {
    this.readyState = "ended";
  }
}

class FakeVideo extends EventTarget {
  src = "";
  currentTime = 0;
  error: { message: string } | null = null;
  startS: number | null = null;
  get buffered() {
    return { length: this.startS === null ? 0 : 1, start: () => this.startS, end: () => (this.startS ?? 0) + 1 };
  }
  removeAttribute(): void {}
  load(): void {}
}

const BYTES = new Uint8Array(8);

describe("MseSink", () => {
  const video = { now: new FakeVideo() };
  const said: string[] = [];
  let sink: MseSink;

  beforeEach(async () => {
    vi.stubGlobal("MediaSource", FakeSource);
    vi.stubGlobal("URL", { createObjectURL: () => "blob:", revokeObjectURL: () => undefined });
    video.now = new FakeVideo();
    said.length = 0;
    sink = new MseSink(video.now as unknown as HTMLVideoElement, Number.POSITIVE_INFINITY, (reason) => said.push(reason));
    await Promise.resolve();
    sink.init("video/mp4", BYTES);
  });

  afterEach(() => vi.unstubAllGlobals());

  function seekTo(timeS: number): void {
    sink.whenSeekable(() => {
      video.now.currentTime = timeS;
    });
  }

  test("lets nobody seek before the first picture is decoded", () => {
    video.now.startS = 0;
    seekTo(3);
    sink.append(BYTES);
    expect(video.now.currentTime).toBe(0);
    video.now.dispatchEvent(new Event("loadeddata"));
    expect(video.now.currentTime).toBe(3);
    seekTo(5);
    expect(video.now.currentTime).toBe(5);
  });

  test("makes only the newest of the seeks that wait", () => {
    video.now.startS = 0;
    seekTo(3);
    seekTo(4);
    video.now.dispatchEvent(new Event("loadeddata"));
    expect(video.now.currentTime).toBe(4);
  });

  test("forgets a waiting seek with what it was meant for", () => {
    video.now.startS = 0;
    seekTo(3);
    sink.clear();
    video.now.dispatchEvent(new Event("loadeddata"));
    expect(video.now.currentTime).toBe(0);
  });

  test("lets seek where data begins later than the element's time: no picture comes without", () => {
    seekTo(3);
    expect(video.now.currentTime).toBe(0);
    video.now.startS = 2;
    sink.append(BYTES);
    expect(video.now.currentTime).toBe(3);
  });

  test("tells of a decoder that failed, though the buffer goes on taking fragments, until it is closed", () => {
    video.now.error = { message: "Failed to push buffer" };
    video.now.dispatchEvent(new Event("error"));
    expect(said).toEqual(["Failed to push buffer"]);
    sink.close();
    video.now.dispatchEvent(new Event("error"));
    expect(said).toHaveLength(1);
  });
});
