import { expect, it } from "vitest";
import { cropText, isWhole, partBetween, partOfPart, WHOLE } from "./crop";

it("takes a drag in any direction, and cuts off what leaves the picture", () => {
  expect(partBetween({ x: 0.75, y: 1.4 }, { x: 0.25, y: 0.5 })).toEqual({
    left: 0.25,
    top: 0.5,
    width: 0.5,
    height: 0.5,
  });
});

it("takes a click for no part", () => {
  expect(partBetween({ x: 0.4, y: 0.4 }, { x: 0.41, y: 0.9 })).toBeNull();
  expect(partBetween({ x: 2, y: 0.4 }, { x: 3, y: 0.9 })).toBeNull();
});

it("finds a part of a part in the whole picture", () => {
  const shown = { left: 0.5, top: 0.5, width: 0.5, height: 0.25 };
  expect(partOfPart(shown, { left: 0.5, top: 0, width: 0.5, height: 1 })).toEqual({
    left: 0.75,
    top: 0.5,
    width: 0.25,
    height: 0.25,
  });
  expect(partOfPart(WHOLE, shown)).toEqual(shown);
});

it("never asks for more than the picture, and for nothing of the whole one", () => {
  expect(cropText(WHOLE)).toBeUndefined();
  expect(isWhole({ left: 0, top: 0, width: 1, height: 0.5 })).toBe(false);
  const text = cropText({ left: 0.66666, top: 0.1, width: 0.33334, height: 0.9 }) ?? "";
  const [left = 0, top = 0, width = 0, height = 0] = text.split(",").map(Number);
  expect(text).toBe("0.6666,0.1,0.3333,0.9");
  expect(left + width).toBeLessThanOrEqual(1);
  expect(top + height).toBeLessThanOrEqual(1);
});
