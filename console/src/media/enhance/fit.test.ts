import { describe, expect, it } from "vitest";
import { fitOf, labelPx, plateOf } from "./fit";

const SUB = { width: 640, height: 360 };

describe("fitOf", () => {
  it("enlarges what is shown larger than it is, in the screen's own pixels", () => {
    expect(fitOf(SUB, { width: 960, height: 540 }, 1)).toBe("enlarge");
    expect(fitOf(SUB, { width: 480, height: 270 }, 2)).toBe("enlarge");
  });

  it("leaves alone what is shown no larger, whatever the tile's shape", () => {
    expect(fitOf(SUB, { width: 640, height: 360 }, 1)).toBe("fine");
    expect(fitOf(SUB, { width: 2000, height: 300 }, 1)).toBe("fine");
  });

  it("does not take on large streams", () => {
    expect(fitOf({ width: 1920, height: 1080 }, { width: 3840, height: 2160 }, 1)).toBe("large");
    expect(fitOf({ width: 1280, height: 720 }, { width: 3840, height: 2160 }, 1)).toBe("enlarge");
  });
});

describe("the label", () => {
  it("has letters of 12 CSS pixels on the screen", () => {
    expect(labelPx(SUB, { width: 1280, height: 720 })).toBe(12);
    expect(labelPx(SUB, { width: 640, height: 360 })).toBe(24);
    expect(labelPx(SUB, { width: 6400, height: 3600 })).toBe(11);
  });

  it("lies in the upper right corner and never beyond the picture", () => {
    expect(plateOf(SUB, 150, 12)).toEqual({ left: 1118, top: 0, width: 162, height: 20 });
    expect(plateOf({ width: 40, height: 30 }, 150, 12)).toMatchObject({ left: 0, width: 80 });
  });
});
