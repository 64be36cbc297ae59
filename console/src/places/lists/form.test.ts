import { describe, expect, it } from "vitest";
import { EMPTY_ENTRY, entryInput, fromField, isEntryReady, toField, validityOf } from "./form";

describe("an entry", () => {
  it("comes back from the field of date and time as it went in, to the minute", () => {
    for (const moment of ["2026-03-29T01:30:00.000Z", "2026-12-31T17:00:00.000Z"])
      expect(fromField(toField(moment))).toBe(moment);
    expect([toField(null), fromField("")]).toEqual(["", null]);
  });

  it("is ready when it says something and why", () => {
    const ready = (change: object) => isEntryReady({ ...EMPTY_ENTRY, ...change });
    expect(ready({ plate: "51F-123.45", reason: "stolen" })).toBe(true);
    expect(ready({ colour: "red", reason: "stolen" })).toBe(true);
    expect(ready({ plate: "*", reason: "stolen" })).toBe(false);
    expect(ready({ plate: "51F-123.45", reason: " " })).toBe(false);
  });

  it("goes without an end when none was given", () => {
    const input = entryInput({ ...EMPTY_ENTRY, plate: "51F", reason: "x" });
    expect([input.from, input.to]).toEqual([null, null]);
  });

  it("is valid from its begin until before its end", () => {
    const entry = { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" };
    const at = (moment: string) => validityOf(entry, Date.parse(moment));
    expect([at("2025-12-31T23:59:59Z"), at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z")]).toEqual([
      "coming",
      "valid",
      "ended",
    ]);
    expect(validityOf({ from: null, to: null }, 0)).toBe("valid");
  });
});
