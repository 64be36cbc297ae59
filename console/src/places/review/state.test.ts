import { describe, expect, it } from "vitest";
import { markEnd, markStart, readReview, shuttle, spanAround, toggleCamera } from "./state";

const NOW = Date.parse("2026-11-21T12:00:00Z");

describe("readReview", () => {
  it("starts a minute ago when the address says nothing, the live edge in view", () => {
    const state = readReview({}, NOW);
    expect(state.atMs).toBe(NOW - 60_000);
    expect(state.span.fromMs).toBeLessThan(state.atMs);
    expect(state.span.toMs).toBeGreaterThan(NOW);
  });
  it("refuses nonsense piece by piece", () => {
    const state = readReview(
      { at: "soon", from: "2026-11-21T12:00:00Z", to: "2026-11-21T11:00:00Z", speed: "3", cameras: "a,,a,b" },
      NOW,
    );
    expect(state).toMatchObject({ atMs: NOW - 60_000, speed: 1, cameras: ["a", "b"] });
    expect(state.span.toMs).toBeGreaterThan(state.span.fromMs);
  });
});

it("never shows mostly future", () => {
  const span = spanAround(NOW, 86_400_000, NOW);
  expect(span.toMs - NOW).toBeLessThan(0.05 * 86_400_000);
});

it("keeps at most four cameras and takes one out again", () => {
  expect(toggleCamera(["a", "b", "c", "d"], "e")).toEqual(["b", "c", "d", "e"]);
  expect(toggleCamera(["a", "b"], "a")).toEqual(["b"]);
});

it("shuttles: faster in the same direction, one step when it turns", () => {
  expect([shuttle(0, 1), shuttle(1, 1), shuttle(16, 1), shuttle(4, -1), shuttle(-1, -1)]).toEqual([1, 2, 16, -1, -2]);
});

it("marks a range with keys, never backwards", () => {
  expect(markEnd(markStart(null, 10_000), 30_000)).toEqual({ fromMs: 10_000, toMs: 30_000 });
  expect(markStart({ fromMs: 0, toMs: 5000 }, 20_000)).toEqual({ fromMs: 20_000, toMs: 21_000 });
  expect(markEnd({ fromMs: 9000, toMs: 12_000 }, 4000)).toEqual({ fromMs: 3000, toMs: 4000 });
});
