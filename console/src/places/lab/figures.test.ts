import { describe, expect, it } from "vitest";
import { findMixups, placeDots, shareOfRow } from "./figures";

const category = (name: string) => ({ name, taught: 8, held_out: 2, precision: null, recall: 0 });

describe("findMixups", () => {
  it("names the worst first and never what was right", () => {
    const figures = {
      categories: [category("a"), category("b"), category("c")],
      confusion: [
        [9, 1, 0],
        [3, 5, 0],
        [0, 0, 7],
      ],
    };
    expect(findMixups(figures)).toEqual([
      { truth: "b", said: "a", pictures: 3 },
      { truth: "a", said: "b", pictures: 1 },
    ]);
    expect(findMixups(figures, 1)).toHaveLength(1);
  });
});

describe("shareOfRow", () => {
  it("is of the row, and nothing of nothing", () => {
    expect(shareOfRow([1, 3], 1)).toBe(0.75);
    expect(shareOfRow([0, 0], 1)).toBe(0);
  });
});

describe("placeDots", () => {
  it("puts right above and sure to the right, and leaves empty bins out", () => {
    const dots = placeDots(
      [
        { pictures: 0, said: 0, right: 0 },
        { pictures: 4, said: 0.5, right: 1 },
        { pictures: 1, said: 1, right: 0 },
      ],
      200,
    );
    expect(dots.map(({ x, y, radius }) => [x, y, radius])).toEqual([
      [100, 0, 12],
      [200, 200, 7.5],
    ]);
  });
});
