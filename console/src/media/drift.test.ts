import { describe, expect, test } from "vitest";
import { DriftControl } from "./drift";

const POLICY = { minTargetS: 0.08, maxTargetS: 1, jumpS: 1, calmS: 8, spareS: 10, changesSpeed: true };

function rate(control: DriftControl, lagS: number, nowS = 0): number | "jump" {
  const decision = control.decide(lagS, nowS);
  return decision.kind === "jump" ? "jump" : decision.rate;
}

describe("distance to the live edge", () => {
  test("near the target plays at normal speed", () => {
    expect(rate(new DriftControl(POLICY), 0.08)).toBe(1);
  });

  test("a little behind catches up a little, further behind faster, far behind jumps", () => {
    const control = new DriftControl(POLICY);
    expect(rate(control, 0.11)).toBe(1.03);
    expect(rate(control, 0.2)).toBe(1.1);
    expect(rate(control, 0.6)).toBe(2);
    expect(rate(control, 1.2)).toBe("jump");
  });

  test("catches up all the way to the target, not only into the dead band", () => {
    const control = new DriftControl(POLICY);
    rate(control, 0.2);
    expect(rate(control, 0.11)).toBe(1.1);
    expect(rate(control, 0.09)).toBe(1.1);
    expect(rate(control, 0.07)).toBe(1);
  });

  test("almost dry slows down before it stalls", () => {
    expect(rate(new DriftControl(POLICY), 0.02)).toBe(0.97);
  });

  test("a jump lands at the target", () => {
    expect(new DriftControl(POLICY).decide(5, 0)).toEqual({ kind: "jump", lagS: 0.08 });
  });
});

describe("target", () => {
  test("grows with stalls up to its limit", () => {
    const control = new DriftControl(POLICY);
    control.stalled(0);
    expect(control.targetS).toBeCloseTo(0.124);
    for (let count = 0; count < 30; count += 1) control.stalled(0);
    expect(control.targetS).toBe(1);
  });

  test("shrinks again only after a calm time, never below its limit", () => {
    const control = new DriftControl(POLICY);
    control.stalled(0);
    const grown = control.targetS;
    control.decide(0.1, 7.9);
    expect(control.targetS).toBe(grown);
    control.decide(0.1, 8.1);
    expect(control.targetS).toBeLessThan(grown);
    for (let second = 9; second < 200; second += 9) control.decide(0.1, second);
    expect(control.targetS).toBe(0.08);
  });
});

describe("a decoder that falls behind", () => {
  function starving(): DriftControl {
    const control = new DriftControl(POLICY);
    control.starved(0);
    return control;
  }

  test("is not sent further from the edge", () => expect(starving().targetS).toBe(0.08));

  test("is never asked for double speed", () => {
    expect(starving().decide(0.6, 1)).toEqual({ kind: "rate", rate: 1.1 });
    expect(new DriftControl(POLICY).decide(0.6, 1)).toEqual({ kind: "rate", rate: 2 });
  });

  test("jumps to a key frame, not into a GOP", () => {
    expect(starving().decide(2.5, 1, 0.7)).toEqual({ kind: "jump", lagS: 0.7 });
    expect(starving().decide(0.6, 1, 0.1)).toEqual({ kind: "jump", lagS: 0.1 }); // sooner: it costs nothing
    expect(starving().decide(0.5, 1, 0.1)).toEqual({ kind: "rate", rate: 1.1 });
    expect(new DriftControl(POLICY).decide(2.5, 1, 0.7)).toEqual({ kind: "jump", lagS: 0.08 });
  });

  test("waits for a key frame, but not for minutes", () => {
    expect(starving().decide(2.5, 1, null)).toEqual({ kind: "rate", rate: 1.1 });
    expect(starving().decide(5.2, 1, null)).toEqual({ kind: "jump", lagS: 0.08 });
  });

  test("is trusted again after a while", () => {
    expect(starving().decide(0.6, 10.1)).toEqual({ kind: "rate", rate: 2 });
    expect(starving().decide(2.5, 10.1, 0.7)).toEqual({ kind: "jump", lagS: 0.08 });
  });
});

describe("a browser that pays for each change of speed", () => {
  const control = new DriftControl({ ...POLICY, changesSpeed: false });

  test("is never asked for one", () => {
    for (const lagS of [0.01, 0.11, 0.2, 0.6, 2.5]) expect(rate(control, lagS)).toBe(1);
  });

  test("catches up by jumps to key frames", () => {
    expect(control.decide(0.7, 0, 0.1)).toEqual({ kind: "jump", lagS: 0.1 });
    expect(control.decide(0.7, 0, 0.04)).toEqual({ kind: "rate", rate: 1 }); // it could not slow down before it is dry
    expect(control.decide(5.2, 0, null)).toEqual({ kind: "jump", lagS: 0.08 });
  });
});
