import { describe, expect, it } from "vitest";
import { WHOLE } from "../../parts/enhance/crop";
import { firstPart, objectCut, pictureName } from "./picture";

describe("the object's own picture", () => {
  it("has a little air and stays within the picture", () => {
    expect(objectCut([0.25, 0.25, 0.75, 0.75], [640, 360])).toEqual([144, 81, 352, 198]);
    expect(objectCut([0, 0, 1, 1], [640, 360])).toEqual([0, 0, 640, 360]);
    expect(objectCut([0.9, 0.9, 1, 1], [640, 360])).toEqual([572, 322, 68, 38]);
  });

  it("is never empty", () => {
    const [, , width, height] = objectCut([0.5, 0.5, 0.5, 0.5], [640, 360]);
    expect(width).toBeGreaterThan(0);
    expect(height).toBeGreaterThan(0);
  });
});

describe("what is enhanced first", () => {
  it("is the object with its air, or all of the picture", () => {
    expect(firstPart([0.25, 0.25, 0.75, 0.75], [640, 360])).toEqual({
      left: 0.225,
      top: 0.225,
      width: 0.55,
      height: 0.55,
    });
    expect(firstPart(null, [640, 360])).toBe(WHOLE);
    expect(firstPart([0.5, 0.5, 0.51, 0.52], [640, 360])).toBe(WHOLE);
  });
});

describe("a picture's file name", () => {
  const event = { camera_name: "Gate / west: 1", from: "2026-11-28T10:20:30.500Z", kind: "zone_entered" };

  it("is one on every system and says camera, time and kind", () => {
    expect(pictureName(event, " object")).toBe("Gate west 1 2026-11-28T10-20-30.500Z zone_entered object.jpg");
  });
});
