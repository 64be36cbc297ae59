import { describe, expect, it } from "vitest";
import {
  fetchSpan,
  follow,
  LONGEST_MS,
  lengthMs,
  SHORTEST_MS,
  type Span,
  ticksOf,
  timeAt,
  xOf,
  zoomAbout,
} from "./view";

const NOON = new Date(2026, 10, 21, 12, 0, 0).getTime();
const span: Span = { fromMs: NOON - 3_600_000, toMs: NOON + 3_600_000 };

describe("zoom", () => {
  it("keeps the moment under the pointer where it is", () => {
    const about = NOON + 1_234_567;
    const x = xOf(about, span, 1000);
    const zoomed = zoomAbout(span, about, 0.37);
    expect(xOf(about, zoomed, 1000)).toBeCloseTo(x, 6);
    expect(timeAt(x, zoomed, 1000)).toBeCloseTo(about, 3);
  });

  it("stops at a year and at a few frames", () => {
    expect(lengthMs(zoomAbout(span, NOON, 1e9))).toBe(LONGEST_MS);
    expect(lengthMs(zoomAbout(span, NOON, 1e-9))).toBe(SHORTEST_MS);
  });
});

describe("follow", () => {
  it("does not move while the moment is in view", () => {
    expect(follow(span, NOON)).toBe(span);
  });
  it("brings a moment past the right edge back in, at the same zoom", () => {
    const moved = follow(span, span.toMs + 1);
    expect(lengthMs(moved)).toBe(lengthMs(span));
    expect(moved.fromMs).toBeLessThan(span.toMs + 1);
    expect(moved.toMs).toBeGreaterThan(span.toMs + 1);
  });
});

describe("ticks", () => {
  it.each([1000, 60_000, 3_600_000, 86_400_000, 30 * 86_400_000, LONGEST_MS])(
    "are neither crowded nor absent over %i ms",
    (length) => {
      const ticks = ticksOf({ fromMs: NOON - length, toMs: NOON }, 1200);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThanOrEqual(14);
    },
  );
  it("fall on whole local hours and mark midnight", () => {
    const ticks = ticksOf({ fromMs: NOON - 14 * 3_600_000, toMs: NOON }, 1400);
    for (const tick of ticks) expect(new Date(tick.ms).getMinutes()).toBe(0);
    expect(ticks.filter((tick) => tick.isMajor).map((tick) => new Date(tick.ms).getHours())).toEqual([0]);
  });
});

describe("fetchSpan", () => {
  it("covers the view and does not change on a small pan", () => {
    const wide = fetchSpan(span);
    expect(wide.fromMs).toBeLessThan(span.fromMs);
    expect(wide.toMs).toBeGreaterThan(span.toMs);
    const changes = new Set(
      [0, 1, 2, 3].map((step) => fetchSpan({ fromMs: span.fromMs + step, toMs: span.toMs + step }).fromMs),
    );
    expect(changes.size).toBeLessThanOrEqual(2);
  });
});
