import { describe, expect, it } from "vitest";
import { sortAttributes } from "./seen";

const object = (values: Record<string, string>) => ({
  track_id: 1,
  plate: null,
  face: null,
  attributes: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, confidence: 0.9 }])),
});

describe("sortAttributes", () => {
  it("puts what was seen first and what is unclear last", () => {
    const sorted = sortAttributes(object({ hat: "no", bag: "unknown", sex: "female", backpack: "yes" }));
    expect(sorted.map(([name]) => name)).toEqual(["backpack", "sex", "hat", "bag"]);
  });

  it("takes an object without attributes", () => {
    expect(sortAttributes(object({}))).toEqual([]);
  });
});
