import { describe, expect, it } from "vitest";
import { Pace } from "./pace";

function costing(costMs: number): Pace {
  const pace = new Pace();
  for (let count = 0; count < 5; count += 1) pace.cost(costMs);
  return pace;
}

describe("Pace", () => {
  it("says too slow when a picture takes longer than the stream gives", () => {
    expect(costing(39).isTooSlow(40, 1)).toBe(false);
    expect(costing(41).isTooSlow(40, 1)).toBe(true);
    expect(costing(30).isTooSlow(40, 2)).toBe(true);
    expect(costing(70).isTooSlow(40, 0.5)).toBe(false);
  });

  it("asks nobody for more than a screen shows", () => {
    expect(costing(12).isTooSlow(40, 16)).toBe(false);
  });

  it("waits for no fifth picture where two take seconds", () => {
    const pace = new Pace();
    pace.cost(2000);
    pace.cost(700);
    expect(pace.costMs).toBe(700);
    expect(pace.isTooSlow(40, 1)).toBe(true);
  });

  it("does not judge by one slow picture, nor by few", () => {
    const pace = costing(10);
    pace.cost(900);
    expect(pace.isTooSlow(40, 1)).toBe(false);
    const few = new Pace();
    few.cost(2000);
    expect(few.isTooSlow(40, 1)).toBe(false);
    few.cost(10);
    expect(few.isTooSlow(40, 1)).toBe(false);
  });
});
