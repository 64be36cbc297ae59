import { describe, expect, test } from "vitest";
import { Arrivals } from "./arrivals";
import { Backoff } from "./backoff";
import { ClockOffset } from "./clock-offset";
import { decideFollow, isKeysOnly, MAX_CORRECTION } from "./follow";
import { FrameMeter } from "./frame-meter";
import { decideState, readServerWord } from "./live-state";
import { canChangeSpeed, chooseStream } from "./support";
import type { LiveState } from "./types";
import { WallMap } from "./wall-map";

describe("FrameMeter", () => {
  function shown(fps: number, seconds: number): FrameMeter {
    const meter = new FrameMeter();
    for (let index = 0; index <= fps * seconds; index += 1) meter.frame((index * 1000) / fps, index);
    return meter;
  }

  test("counts a steady rate", () => expect(shown(25, 3).fps(3000)).toBeCloseTo(25, 0));
  test("a picture that stopped has no full rate any more", () => expect(shown(25, 3).fps(4000)).toBeLessThan(15));
  test("two seconds after the last frame the rate is zero", () => expect(shown(25, 3).fps(5100)).toBe(0));

  test("pictures shown between two callbacks count", () => {
    const meter = new FrameMeter();
    for (let index = 0; index <= 30; index += 1) meter.frame(index * 80, 2 * index);
    expect(meter.fps(2400)).toBeCloseTo(25, 0);
  });

  test("another source counts from nothing and never runs backwards", () => {
    const meter = shown(25, 2);
    meter.frame(2040, 1);
    expect(meter.fps(2040)).toBe(0);
    meter.frame(2080, 2);
    expect(meter.fps(2080)).toBeCloseTo(25, 0);
  });

  test("the longest pause includes the one that still runs", () => {
    const meter = shown(25, 1);
    expect(meter.longestPauseMs(1000)).toBe(40);
    expect(meter.longestPauseMs(4000)).toBe(3000);
  });

  test("a pause that nobody could see does not count, a missing picture is none", () => {
    const meter = shown(25, 1);
    meter.excuse(60_000);
    meter.frame(60_040, 27);
    expect(meter.longestPauseMs(60_040)).toBe(40);
    meter.interrupt();
    expect(meter.sinceLastMs(70_000)).toBeNull();
  });
});

describe("state of a live tile", () => {
  const before: LiveState = { state: "live", code: "", reason: "", hint: "", sinceMs: 5 };
  const live = { state: "live", code: "", reason: "", hint: "" } as const;
  const moving = { sinceLastMs: 40, isWatched: true, intervalMs: 40 };

  test("stays the same object while nothing changes", () => expect(decideState(live, moving, 9, before)).toBe(before));

  test("a frozen picture is never called live", () => {
    expect(decideState(live, { ...moving, sinceLastMs: 2100 }, 9, before)).toMatchObject({
      state: "stalled",
      code: "no_new_picture",
      sinceMs: 9,
    });
  });

  test("a hidden tab shows no frames and is not stalled", () => {
    expect(decideState(live, { ...moving, sinceLastMs: 9000, isWatched: false }, 9, before)).toBe(before);
  });

  test("a stream slower than two seconds a frame is not stalled between its frames", () => {
    expect(decideState(live, { ...moving, sinceLastMs: 4000, intervalMs: 2000 }, 9, before)).toBe(before);
  });

  test("the server's word alone makes no picture", () => {
    expect(decideState(live, { ...moving, sinceLastMs: null }, 9, before).state).toBe("connecting");
  });

  test("a word this page does not know is not live", () => {
    expect(readServerWord({ type: "state", state: "superb" }).state).toBe("offline");
  });
});

describe("WallMap", () => {
  function withGap(): WallMap {
    const map = new WallMap();
    map.add(0, 1_000_000, 1);
    map.add(1, 1_001_000, 1);
    map.add(2, 1_060_000, 1); // 58 s are missing
    return map;
  }

  test("maps across a gap both ways", () => {
    const map = withGap();
    expect(map.mediaOf(1_001_500)).toBeCloseTo(1.5);
    expect(map.mediaOf(1_060_500)).toBeCloseTo(2.5);
    expect(map.wallOf(2.5)).toBeCloseTo(1_060_500);
  });

  test("a time in the gap has no picture, and the gap is known", () => {
    const map = withGap();
    expect(map.mediaOf(1_030_000)).toBeNull();
    expect(map.holeAt(1_030_000)).toEqual({ fromMs: 1_002_000, toMs: 1_060_000 });
    expect(map.holeAt(1_001_000)).toBeNull();
  });

  test("milliseconds of jitter make no gap", () => {
    const map = new WallMap();
    map.add(0, 1_000_000, 1);
    map.add(1, 1_001_007, 1);
    expect(map.holeAt(1_001_003)).toBeNull();
    expect(map.mediaOf(1_001_500)).toBeCloseTo(1.5);
  });

  test("the end of a gap, rounded down, is the first picture after it", () => {
    expect(withGap().mediaOf(1_059_998)).toBeCloseTo(2);
    expect(withGap().holeAt(1_059_998)).toBeNull();
    expect(withGap().mediaOf(999_999)).toBeCloseTo(0);
  });

  test("before the first and after the last there is nothing", () => {
    expect(withGap().mediaOf(999_000)).toBeNull();
    expect(withGap().mediaOf(1_061_500)).toBeNull();
    expect(new WallMap().wallOf(1)).toBeNull();
  });

  test("trimmed pieces are gone", () => {
    const map = withGap();
    map.trim(2.5);
    expect(map.mediaOf(1_000_500)).toBeNull();
    expect(map.mediaOf(1_060_500)).toBeCloseTo(2.5);
  });
});

describe("following the clock", () => {
  test("small errors by speed, large ones by a seek", () => {
    expect(decideFollow(0.005, 1, MAX_CORRECTION)).toEqual({ kind: "rate", rate: 1 });
    expect(decideFollow(0.03, 1, MAX_CORRECTION)).toEqual({ kind: "rate", rate: 1.03 });
    expect(decideFollow(-0.3, 1, MAX_CORRECTION)).toEqual({ kind: "rate", rate: 0.95 });
    expect(decideFollow(1, 1, MAX_CORRECTION)).toEqual({ kind: "seek" });
  });

  test("by seeks alone where each change of speed is dear", () => {
    expect([0.03, -0.3, 0.39].map((errorS) => decideFollow(errorS, 1, 0))).toEqual(Array(3).fill({ kind: "rate", rate: 1 }));
    expect(decideFollow(0.5, 1, 0)).toEqual({ kind: "seek" });
  });

  test("tolerates more at higher speed and never leaves what browsers accept", () => {
    expect(decideFollow(1, 16, MAX_CORRECTION).kind).toBe("rate");
    expect(decideFollow(1, 16, MAX_CORRECTION)).toEqual({ kind: "rate", rate: 16 });
  });

  test("only key frames above four times", () => expect([1, 4, 8].map(isKeysOnly)).toEqual([false, false, true]));
});

test("back-off doubles, is bounded, and starts anew after success", () => {
  const backoff = new Backoff(500, 10_000, () => 1);
  expect([1, 2, 3, 4, 5, 6, 7].map(() => backoff.nextMs())).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  backoff.reset();
  expect(backoff.nextMs()).toBe(500);
  expect(new Backoff(500, 10_000, () => 0).nextMs()).toBe(250);
});

test("the clock offset comes from the least disturbed echo", () => {
  const offset = new ClockOffset();
  expect(offset.offsetMs).toBeNull();
  offset.add(1000, 1100, 1300);
  offset.add(2000, 2004, 2052);
  expect(offset.offsetMs).toBe(50);
});

test("an arrival is found by the media time of its frame", () => {
  const arrivals = new Arrivals(3);
  for (let index = 0; index < 5; index += 1) arrivals.add(index * 0.04, 100 + index);
  expect(arrivals.find(0.1601)).toBe(104);
  expect(arrivals.find(0.0)).toBeNull();
});

test("a tile on the border between sizes keeps its stream", () => {
  expect(chooseStream(320, null)).toBe("sub");
  expect(chooseStream(1280, null)).toBe("main");
  expect([chooseStream(830, "main"), chooseStream(830, "sub")]).toEqual(["main", "sub"]);
});

test("only WebKit on Linux pays for changes of speed", () => {
  const webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
  const chromium = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
  expect(canChangeSpeed(`Mozilla/5.0 (X11; Linux x86_64) ${webkit} Version/60.5 Safari/605.1.15`)).toBe(false);
  expect(canChangeSpeed(`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/18.5 Safari/605.1.15`)).toBe(true);
  expect(canChangeSpeed(`Mozilla/5.0 (X11; Linux x86_64) ${chromium}`)).toBe(true);
  expect(canChangeSpeed("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0")).toBe(true);
});
