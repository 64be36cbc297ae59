import { describe, expect, it } from "vitest";
import { needsPurpose } from "./matching";

describe("the purpose of matching a file", () => {
  const lists = [
    { id: "cars", subject: "vehicles" as const },
    { id: "people", subject: "faces" as const },
  ];

  it("is asked for when faces are looked for, and only then", () => {
    expect(needsPurpose([], lists)).toBe(false);
    expect(needsPurpose(["cars"], lists)).toBe(false);
    expect(needsPurpose(["cars", "people"], lists)).toBe(true);
  });
});
