import { describe, expect, it } from "vitest";
import { Pace } from "./pace";

function paced(costMs: number, stepsMs = [40, 80, 40, 40, 120, 40, 40]): Pace {
  const pace = new Pace();
  let at = 1000;
  pace.frame(at);
  for (const stepMs of stepsMs) pace.frame((at += stepMs));
  for (let count = 0; count < 5; count += 1) pace.cost(costMs);
  return pace;
}

describe("Pace", () => {
  it("knows the stream's pace though pictures are left out and clocks jitter", () => {
    expect(paced(10).intervalMs).toBe(40);
    expect(paced(10, [12, 68, 40, 40, 41, 39, 40, 40]).intervalMs).toBe(40);
  });

  it("says too slow when a picture takes longer than that", () => {
    expect(paced(39).isTooSlow(1)).toBe(false);
    expect(paced(41).isTooSlow(1)).toBe(true);
    expect(paced(30).isTooSlow(2)).toBe(true);
    expect(paced(70).isTooSlow(0.5)).toBe(false);
  });

  it("asks nobody for more than a screen shows", () => {
    expect(paced(12).isTooSlow(16)).toBe(false);
  });

  it("does not judge by one slow picture, nor before the pace is known", () => {
    const pace = paced(10);
    pace.cost(900);
    expect(pace.isTooSlow(1)).toBe(false);
    expect(paced(900, [40, 40]).isTooSlow(1)).toBe(false);
  });

  it("does not take a jump backwards or the same picture for a step", () => {
    expect(paced(10, [40, 0, -4000, 40, 40, 40, 40, 40, 40]).intervalMs).toBe(40);
  });
});
