import { describe, expect, it } from "vitest";
import type { MotionZone } from "../../../api/types";
import { badZoneNames, fromShape, isSame, toShape } from "../rules/named-zones";

const zone = (name: string, kind: MotionZone["kind"] = "exclude"): MotionZone => ({
  name,
  kind,
  polygon: [
    [0.1, 0.1],
    [0.5, 0.1],
    [0.5, 0.5],
  ],
});

describe("motion zones", () => {
  it("keep their name and kind while they are drawn", () => {
    const moved = { ...toShape(zone("Trees")), zone: [[0.2, 0.2] as number[]] };
    expect(fromShape(zone("Trees"), moved)).toEqual({ name: "Trees", kind: "exclude", polygon: [[0.2, 0.2]] });
  });

  it("are changed by another kind or sensitivity alone", () => {
    const before = { sensitivity: "normal" as const, zones: [zone("Trees")] };
    expect(isSame(before, { ...before, zones: [fromShape(zone("Trees"), toShape(zone("Trees")))] })).toBe(true);
    expect(isSame(before, { ...before, zones: [zone("Trees", "include")] })).toBe(false);
    expect(isSame(before, { ...before, sensitivity: "high" })).toBe(false);
  });

  it("are told apart by name without capitals", () => {
    expect(badZoneNames([zone("Trees"), zone("Road")])).toEqual(new Set());
    expect(badZoneNames([zone("Trees"), zone("trees"), zone("Road")])).toEqual(new Set(["Trees", "trees"]));
    expect(badZoneNames([zone(" "), zone("n".repeat(41))])).toEqual(new Set([" ", "n".repeat(41)]));
  });
});
