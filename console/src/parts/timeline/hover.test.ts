import { describe, expect, it } from "vitest";
import { findUnder } from "./hover";

const data = {
  fromMs: 0,
  toMs: 1000,
  rows: [
    {
      camera_id: "a",
      coverage: [
        [0, 400],
        [600, 1000],
      ],
      gaps: [[400, 600, "network"]],
      motion: [],
      events: [
        { id: "e1", kind: "line_crossed", at_ms: 300, state: "new" },
        { id: "e2", kind: "zone_left", at_ms: 304, state: "new" },
      ],
    },
  ],
};
const at = (xPx: number, row = 0) =>
  findUnder({ xPx, row, span: { fromMs: 0, toMs: 1000 }, widthPx: 1000, cameras: ["a", "b"] }, data as never);

describe("findUnder", () => {
  it("tells the reason of a gap, and that there is no footage", () => {
    expect(at(500)).toMatchObject({ isCovered: false, gapReason: "network" });
  });
  it("finds the nearest of two close events", () => {
    expect(at(305).event?.id).toBe("e2");
    expect(at(299).event?.id).toBe("e1");
    expect(at(320).event).toBeNull();
  });
  it("knows nothing of a row without data", () => {
    expect(at(100, 1)).toMatchObject({ camera: "b", isCovered: false, event: null });
  });
});
