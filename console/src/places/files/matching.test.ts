import { describe, expect, it } from "vitest";
import { needsPurpose } from "./matching";

describe("the purpose of matching a file", () => {
  const lists = [
    { id: "cars", subject: "vehicles" as const },
    { id: "people", subject: "faces" as const },
  ];

  it("is asked for when faces are looked for, and only then", () => {
    expect(needsPurpose({ lists: [], keep: [] }, lists)).toBe(false);
    expect(needsPurpose({ lists: ["cars"], keep: [] }, lists)).toBe(false);
    expect(needsPurpose({ lists: ["cars", "people"], keep: [] }, lists)).toBe(true);
  });

  it("is asked for when people are kept to be found again", () => {
    expect(needsPurpose({ lists: [], keep: ["appearance"] }, [])).toBe(true);
  });
});
