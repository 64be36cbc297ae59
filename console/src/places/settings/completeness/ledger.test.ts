import { describe, expect, it } from "vitest";
import { cellsOf, finerView, formatShare, ledgerCsv, levelOf, reasonsOf, turnView, viewAt } from "./ledger";

const at = (ms: number) => new Date(ms).toISOString();
const slot = (ms: number, expected: number, stored: number, reasons = {}) => ({
  at: at(ms),
  expected,
  stored,
  reasons,
});

describe("levels", () => {
  it("one missing frame of a million is not complete", () => {
    expect(levelOf(slot(0, 1_000_000, 999_999), false)).toBe("nearly");
    expect(formatShare(999_999 / 1_000_000, "en")).toBe("99.999%");
  });
  it("nothing stored of something expected is worse than most missing", () => {
    expect([levelOf(slot(0, 10, 0), false), levelOf(slot(0, 10, 4), false)]).toEqual(["nothing", "most"]);
  });
  it("time that no schedule wanted is not a loss", () => {
    expect([levelOf(undefined, true), levelOf(undefined, false)]).toEqual(["off", "blank"]);
  });
});

it("cells keep their place when the server leaves slots out", () => {
  const stream = {
    slots: [slot(120_000, 10, 10)],
    gaps: [{ from: at(0), to: at(60_000), stream: "main", reason: "policy", frames_missing: 0 }],
  };
  expect(cellsOf(stream, 0, 180_000, 60_000).map((cell) => cell.level)).toEqual(["off", "blank", "whole"]);
});

describe("views", () => {
  const noon = new Date(2026, 10, 28, 12, 34).getTime();
  it("a click on a day shows its hours, then its minutes, then nothing finer", () => {
    const hours = finerView(viewAt("day", noon), noon);
    expect(hours).toEqual(viewAt("hour", noon));
    const minutes = hours && finerView(hours, noon);
    expect(minutes?.fromMs).toBe(new Date(2026, 10, 28, 12).getTime());
    expect(minutes && finerView(minutes, noon)).toBeNull();
  });
  it("turning forth and back comes to the same page", () => {
    for (const step of ["minute", "hour", "day"] as const) {
      const view = viewAt(step, noon);
      expect(turnView(turnView(view, 1), -1)).toEqual(view);
      expect(turnView(view, 1).fromMs).toBe(view.toMs);
    }
  });
});

it("sums reasons, most first", () => {
  expect(reasonsOf([slot(0, 9, 0, { network: 3, disk: 5 }), slot(1, 9, 0, { network: 4, us: 0 })])).toEqual([
    ["network", 7],
    ["disk", 5],
  ]);
});

it("a camera's name cannot become a formula or a second column", () => {
  const stream = {
    camera_id: "c1",
    stream: "main",
    expected: 10,
    stored: 9,
    completeness: 0.9,
    slots: [slot(0, 10, 9, { network: 1 })],
    gaps: [],
  };
  const csv = ledgerCsv([stream], 60_000, { camera: () => '=HYPERLINK("x"),Gate', reason: (word) => word });
  expect(csv.split("\r\n")[1]).toBe(
    'slot,"\'=HYPERLINK(""x""),Gate",c1,main,1970-01-01T00:00:00.000Z,1970-01-01T00:01:00.000Z,10,9,1,network 1',
  );
});
