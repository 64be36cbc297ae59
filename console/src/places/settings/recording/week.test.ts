import { describe, expect, it } from "vitest";
import { copyDay, EMPTY_WEEK, modeAt, moveCell, paintDay, paintWeek, readWeek, writeWeek } from "./week";

describe("painting", () => {
  it("splits what it is laid over and keeps its minutes", () => {
    const day = paintDay([{ from: 30, to: 600, mode: "motion" }], 120, 180, "off");
    expect(day).toEqual([
      { from: 30, to: 120, mode: "motion" },
      { from: 120, to: 180, mode: "off" },
      { from: 180, to: 600, mode: "motion" },
    ]);
  });
  it("joins neighbours of one mode", () => {
    const day = paintDay(paintDay([], 0, 60, "event"), 60, 120, "event");
    expect(day).toEqual([{ from: 0, to: 120, mode: "event" }]);
  });
  it("takes away with no mode", () => {
    expect(paintDay([{ from: 0, to: 1440, mode: "off" }], 0, 1440, null)).toEqual([]);
  });
});

describe("the wire", () => {
  it("lets the later span win, as the recorder does", () => {
    const week = readWeek([
      { days: [0, 1], from: "00:00", to: "24:00", mode: "off" },
      { days: [1], from: "08:15", to: "17:45", mode: "motion" },
    ]);
    expect(modeAt(week[1] ?? [], 8 * 60 + 15, "continuous")).toBe("motion");
    expect(modeAt(week[1] ?? [], 17 * 60 + 45, "continuous")).toBe("off");
    expect(modeAt(week[2] ?? [], 0, "continuous")).toBe("continuous");
  });
  it("writes what reads back to the same week, days of one shape together", () => {
    const week = paintWeek(EMPTY_WEEK, [0, 1, 2, 3, 4], 480, 1440, "motion");
    const calendar = writeWeek(week);
    expect(calendar).toEqual([{ days: [0, 1, 2, 3, 4], from: "08:00", to: "24:00", mode: "motion" }]);
    expect(readWeek(calendar)).toEqual(week);
  });
  it("does not round a minute on a day that nobody painted", () => {
    const week = readWeek([{ days: [3], from: "08:07", to: "09:13", mode: "event" }]);
    expect(writeWeek(paintWeek(week, [4], 0, 60, "off"))).toContainEqual({
      days: [3],
      from: "08:07",
      to: "09:13",
      mode: "event",
    });
  });
});

it("copies a day to others and leaves the rest", () => {
  const week = copyDay(paintWeek(EMPTY_WEEK, [0], 0, 60, "off"), 0, [5, 6]);
  expect(week.map((day) => day.length)).toEqual([1, 0, 0, 0, 0, 1, 1]);
});

it("never walks out of the grid", () => {
  expect(moveCell({ day: 0, hour: 0 }, "ArrowUp")).toEqual({ day: 0, hour: 0 });
  expect(moveCell({ day: 6, hour: 23 }, "ArrowRight")).toEqual({ day: 6, hour: 23 });
  expect(moveCell({ day: 2, hour: 5 }, "End")).toEqual({ day: 2, hour: 23 });
});
