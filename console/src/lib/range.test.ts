import { expect, it } from "vitest";
import { readRange, writeRange } from "./range";

const now = new Date(2026, 10, 28, 12, 0, 0);
const range = { fromMs: new Date(2026, 10, 28, 10, 0, 5).getTime(), toMs: new Date(2026, 10, 28, 11, 0, 0).getTime() };

it("reads back what it wrote, to the second", () => {
  expect(readRange(writeRange(range), now).range).toEqual(range);
});
it("refuses an end before the start, and a range that is too long", () => {
  expect(readRange({ from: "11:00", to: "10:00" }, now).fault).toBe("rangeWrong");
  expect(readRange(writeRange(range), now, 1000)).toMatchObject({ range: null, fault: "rangeLong" });
});
it("says which of the two is not understood", () => {
  expect(readRange({ from: "soon", to: "10:00" }, now)).toMatchObject({ isFromWrong: true, isToWrong: false });
});
