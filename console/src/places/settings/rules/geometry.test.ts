import { describe, expect, it } from "vitest";
import type { Point } from "../../../api/types";
import {
  arrowOf,
  badNames,
  closesZone,
  freeName,
  makeRule,
  moveAll,
  movePoint,
  removeCorner,
  splitEdge,
} from "./geometry";

const square: Point[] = [
  [0.1, 0.1],
  [0.5, 0.1],
  [0.5, 0.5],
  [0.1, 0.5],
];

describe("shapes", () => {
  it("never leave the picture, and keep their form when moved against its edge", () => {
    expect(movePoint(square, 0, [-0.3, 2])[0]).toEqual([0, 1]);
    const moved = moveAll(square, [0.9, -0.4]);
    expect(moved[1]?.[0]).toBe(1);
    expect((moved[1]?.[0] ?? 0) - (moved[0]?.[0] ?? 0)).toBeCloseTo(0.4);
    expect(moved[0]?.[1]).toBe(0);
  });
  it("a zone closes on its first corner, but not before it has three", () => {
    expect(closesZone(square.slice(0, 3), [0.11, 0.11])).toBe(true);
    expect(closesZone(square.slice(0, 2), [0.11, 0.11])).toBe(false);
  });
  it("splits the last edge too", () => {
    expect(splitEdge(square, 3).at(-1)).toEqual([0.1, 0.3]);
  });
  it("a zone never falls below three corners, a line never loses an end", () => {
    const triangle = makeRule("zone", square.slice(0, 3), "Z");
    expect(removeCorner(triangle, 0)).toBe(triangle);
    const line = makeRule("line", square.slice(0, 2), "L");
    expect(removeCorner(line, 0)).toBe(line);
    expect(removeCorner(makeRule("zone", square, "Z"), 1).zone).toHaveLength(3);
  });
});

it("the arrow points to the right hand of who walks the line", () => {
  // From left to right along the bottom: the right hand is down, y grows downwards.
  const { base, tip } = arrowOf(
    [
      [0.2, 0.5],
      [0.8, 0.5],
    ],
    16 / 9,
  );
  expect(base).toEqual([0.5, 0.5]);
  expect(tip[0]).toBeCloseTo(0.5);
  expect(tip[1]).toBeGreaterThan(0.5);
});

describe("names", () => {
  const rules = [makeRule("zone", square, "Zone 1"), makeRule("line", square.slice(0, 2), "Zone 3")];
  it("are free ones", () => expect(freeName(rules, "Zone")).toBe("Zone 2"));
  it("used twice or empty are found", () => {
    expect([...badNames([...rules, makeRule("zone", square, "Zone 1"), makeRule("zone", square, " ")])]).toEqual([
      "Zone 1",
      " ",
    ]);
  });
});
