import { describe, expect, it } from "vitest";
import { add, layoutFor, place, readLayout, remove, visibleSlots, writeLayout } from "./layout";

describe("layout", () => {
  it("survives the address", () => {
    const layout = { side: 2 as const, slots: ["a", "", "c"] };
    const { grid, cameras } = writeLayout(layout);
    expect(readLayout(grid, cameras)).toEqual(layout);
  });

  it("never shows a camera twice: a placed camera leaves its old tile", () => {
    const moved = place({ side: 2, slots: ["a", "b", "c", "d"] }, "a", 3);
    expect(visibleSlots(moved)).toEqual(["d", "b", "c", "a"]);
  });

  it("fills the first empty tile, then replaces the last", () => {
    expect(visibleSlots(add({ side: 2, slots: ["a", "", "c"] }, "x"))).toEqual(["a", "x", "c", ""]);
    expect(visibleSlots(add({ side: 1, slots: ["a"] }, "x"))).toEqual(["x"]);
  });

  it("keeps hidden cameras when the grid becomes smaller and larger again", () => {
    const four = { side: 2 as const, slots: ["a", "b", "c", "d"] };
    const small = { ...four, side: 1 as const };
    expect(visibleSlots(small)).toEqual(["a"]);
    expect(visibleSlots({ ...small, side: 2 })).toEqual(["a", "b", "c", "d"]);
  });

  it("chooses the smallest grid that holds all", () => {
    expect(layoutFor(["a"]).side).toBe(1);
    expect(layoutFor(["a", "b"]).side).toBe(2);
    expect(layoutFor(Array.from({ length: 30 }, (_, i) => `${i}`)).slots).toHaveLength(16);
    expect(layoutFor([]).side).toBe(1);
  });

  it("leaves a hole where a camera was", () => {
    expect(visibleSlots(remove({ side: 2, slots: ["a", "b", "c"] }, "b"))).toEqual(["a", "", "c", ""]);
  });
});
