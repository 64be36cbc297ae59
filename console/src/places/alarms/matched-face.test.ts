import { describe, expect, it } from "vitest";
import { cutOf } from "./matched-face";

describe("the face beside the portrait", () => {
  it("is cut square with air around it, within the picture", () => {
    expect(cutOf([0.4, 0.4, 0.6, 0.6], 1000, 1000).map(Math.round)).toEqual([330, 330, 340, 340]);
    const [left, top, width, height] = cutOf([0, 0, 0.1, 0.3], 1280, 720);
    expect([left, top, width]).toEqual([0, 0, height]);
    expect(
      cutOf([0.9, 0.9, 1, 1], 1280, 720)
        .slice(0, 2)
        .every((start) => start >= 0),
    ).toBe(true);
  });

  it("of a face larger than the picture's height is the whole height", () => {
    expect(cutOf([0.2, 0, 0.9, 1], 1280, 720).map(Math.round)).toEqual([344, 0, 720, 720]);
  });
});
