import { describe, expect, it } from "vitest";
import { readEnhanced, writeEnhanced } from "./enhanced-store";

describe("enhanced tiles", () => {
  it("are kept per camera", () => {
    const two = writeEnhanced(writeEnhanced(null, "a", true), "b", true);
    expect(readEnhanced(two)).toEqual(["a", "b"]);
    expect(readEnhanced(writeEnhanced(two, "a", false))).toEqual(["b"]);
    expect(readEnhanced(writeEnhanced(two, "a", true))).toEqual(["b", "a"]);
  });

  it("are none in a browser that knows none, and not without end", () => {
    expect(readEnhanced(null)).toEqual([]);
    const many = Array.from({ length: 300 }, (_, at) => `camera${at}`).join(",");
    expect(readEnhanced(writeEnhanced(many, "last", true))).toHaveLength(100);
    expect(readEnhanced(writeEnhanced(many, "last", true)).at(-1)).toBe("last");
  });
});
