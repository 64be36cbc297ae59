import { describe, expect, it } from "vitest";
import type { PrivacyZone } from "../../../api/types";
import { badZoneNames, fromShape, isSame, toShape } from "../rules/named-zones";

const zone = (name: string): PrivacyZone => ({
  id: "kept",
  name,
  polygon: [
    [0.1, 0.1],
    [0.5, 0.1],
    [0.5, 0.5],
  ],
});

describe("privacy zones", () => {
  it("keep their id and name while they are drawn", () => {
    const moved = { ...toShape(zone("Window")), zone: [[0.2, 0.2] as number[]] };
    expect(fromShape(zone("Window"), moved)).toEqual({ id: "kept", name: "Window", polygon: [[0.2, 0.2]] });
    expect(isSame([zone("Window")], [fromShape(zone("Window"), toShape(zone("Window")))])).toBe(true);
  });

  it("are told apart by name without capitals", () => {
    expect(badZoneNames([zone("Window"), zone("Door")])).toEqual(new Set());
    expect(badZoneNames([zone("Window"), zone("window"), zone("Door")])).toEqual(new Set(["Window", "window"]));
    expect(badZoneNames([zone(" "), zone("n".repeat(41))])).toEqual(new Set([" ", "n".repeat(41)]));
  });
});
