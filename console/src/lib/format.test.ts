import { describe, expect, it } from "vitest";
import { formatBitrate, formatBytes, formatDate, formatDuration, formatFigure, formatLength } from "./format";

describe("format", () => {
  it("never shows 60 seconds or a thousand of a unit", () => {
    expect(formatDuration(59_600)).toBe("1 min 00 s");
    expect(formatBytes(1000, "en")).toBe("1.0 kB");
    expect(formatBytes(999, "en")).toBe("999 B");
  });

  it("grows with the length", () => {
    expect(formatLength(42_000)).toBe("0:42");
    expect(formatLength(725_000)).toBe("12:05");
    expect(formatLength(3_729_000)).toBe("1:02:09");
    expect(formatDuration(190_000_000)).toBe("2 d 4 h");
  });

  it("tells the year of what may be years away", () => {
    expect(formatDate(Date.parse("2030-12-31T12:00:00Z"), "en")).toMatch(/2030.* \d\d:\d\d$/);
  });

  it("does not round a small threshold away", () => {
    expect(formatFigure(0.0031, "en")).toBe("0.0031");
    expect(formatFigure(3.2, "vi")).toBe("3,2");
  });

  it("says nothing instead of zero when nothing is known", () => {
    expect(formatBitrate(0, "en")).toBe("–");
    expect(formatBytes(null, "en")).toBe("–");
    expect(formatBitrate(4_012_000, "vi")).toBe("4,0 Mb/s");
  });
});
