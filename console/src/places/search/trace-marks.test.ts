import { expect, it } from "vitest";
import { placeMarks } from "./trace-marks";

const visit = (camera: string, fromS: number, toS: number, plausible = true) => ({
  camera_id: camera,
  camera_name: camera,
  position: null,
  from: new Date(fromS * 1000).toISOString(),
  to: new Date(toS * 1000).toISOString(),
  object_ids: [],
  plausible,
});

it("draws nothing of nothing", () => {
  expect(placeMarks([])).toEqual([]);
});

it("has a row for each camera, in the order in which they were come to", () => {
  const rows = placeMarks([visit("Gate", 0, 50), visit("Yard", 60, 80, false), visit("Gate", 90, 100)]);
  expect(rows.map(({ camera }) => camera.name)).toEqual(["Gate", "Yard"]);
  expect(rows[0]?.marks.map(({ left, width }) => [left, width])).toEqual([
    [0, 0.5],
    [0.9, 0.1],
  ]);
  expect(rows[1]?.marks[0]?.isPlausible).toBe(false);
});

it("shows a moment, also the last one, within the line", () => {
  const marks = placeMarks([visit("Gate", 0, 0), visit("Gate", 1000, 1000)])[0]?.marks ?? [];
  for (const { left, width } of marks) {
    expect(width).toBeGreaterThan(0);
    expect(left + width).toBeLessThanOrEqual(1);
  }
});
